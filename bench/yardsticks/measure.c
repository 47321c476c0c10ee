// Runs a command and writes what it cost: the kernel's own account, which wait4 hands to a parent. Node has no such call for its children,
// /usr/bin/time is not on every machine, and polling /proc misses what happens between two looks.
//
//   measure RESULT UNTIL BELOW COMMAND...
//
// RESULT: file for one line: start (ms of CLOCK_MONOTONIC), wall, user, system (s), peak memory (KiB), most descriptors, exit status.
// UNTIL: a file; when it appears the clock stops and the command is told to end. For clients that go on seeding. "-": none.
// BELOW: a directory; the files below it that the command has open are counted every 2 ms. "-": no counting.

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY_US 2000
#define GRACE_S 5

static volatile pid_t child;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static double seconds(struct timeval t) { return t.tv_sec + t.tv_usec / 1e6; }

// The first signal asks, the alarm that follows does not.
static void pass_on(int signal) {
  if (child > 0) kill(child, signal == SIGALRM ? SIGKILL : SIGTERM);
  if (signal != SIGALRM) alarm(GRACE_S);
}

// How many descriptors of the child are files below the directory. 0 where there is no /proc.
static int open_files(const char *below) {
  char path[300], target[4096];
  snprintf(path, sizeof path, "/proc/%d/fd", (int)child);
  DIR *directory = opendir(path);
  if (!directory) return 0;
  int count = 0;
  for (struct dirent *entry; (entry = readdir(directory));) {
    snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)child, entry->d_name);
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0) continue;
    target[length] = 0;
    if (strncmp(target, below, strlen(below)) == 0) count++;
  }
  closedir(directory);
  return count;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  const char *until = strcmp(argv[2], "-") ? argv[2] : NULL;
  const char *below = strcmp(argv[3], "-") ? argv[3] : NULL;
  struct sigaction action = {.sa_handler = pass_on};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGALRM, &action, NULL);

  double start = now_ms(), end = 0;
  child = fork();
  if (child < 0) return 2;
  if (child == 0) {
    execvp(argv[4], argv + 4);
    fprintf(stderr, "measure: cannot run %s: %s\n", argv[4], strerror(errno));
    _exit(127);
  }

  int status = 0, most_open = 0;
  struct rusage usage;
  for (;;) {
    int may_wait = (until && end == 0) || below;
    pid_t ended = wait4(child, &status, may_wait ? WNOHANG : 0, &usage);
    if (ended == child) break;
    if (ended < 0 && errno != EINTR) return 2;
    if (!may_wait) continue;
    if (below) {
      int open_now = open_files(below);
      if (open_now > most_open) most_open = open_now;
    }
    if (until && end == 0 && access(until, F_OK) == 0) {
      end = now_ms();
      pass_on(SIGTERM);
    }
    usleep(LOOK_EVERY_US);
  }
  int stopped_by_us = end != 0;
  if (!stopped_by_us) end = now_ms();
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);

  FILE *result = fopen(argv[1], "w");
  if (!result) return 2;
#ifdef __APPLE__
  long peak_kib = usage.ru_maxrss / 1024;
#else
  long peak_kib = usage.ru_maxrss;
#endif
  fprintf(result, "%.3f %.4f %.4f %.4f %ld %d %d\n", start, (end - start) / 1e3, seconds(usage.ru_utime), seconds(usage.ru_stime), peak_kib,
          most_open, stopped_by_us ? 0 : code);
  return fclose(result) == 0 ? 0 : 2;
}
