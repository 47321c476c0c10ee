// Serves one torrent from memory to whoever connects, with as little CPU as it can, so that a benchmark measures the downloader. Its content
// is a mapped file; blocks go from there into the socket, many to one call. Ends when its standard input is closed.
//
//   seeder INFOHASH CONTENT PIECE_LENGTH ADDRESS...
//
// Prints "listening ADDRESS PORT" for each address, "ready"; then for each connection "shaken MS" at its handshake and "request MS" at its
// first request (CLOCK_MONOTONIC), and "sent BYTES" when it is closed: its blocks, those that were never read at the other end included.

#define _GNU_SOURCE
#include "peer-wire.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define BLOCK_HEADER_BYTES 13
#define LONGEST_BLOCK 131072
#define BLOCKS_PER_SEND 32
#define SEND_BUFFER_BYTES (1 << 20)
#define INPUT_BYTES 65536
#define MOST_REQUESTS 65536 // a client that asks for more at once is dropped

typedef struct {
  uint64_t offset; // in the torrent
  uint32_t piece, begin, length;
} Block;

typedef struct {
  int is_shaken, has_asked;
  uint64_t sent_bytes; // of whole blocks
  uint8_t input[INPUT_BYTES];
  size_t input_length;
  uint8_t *control; // handshake, bitfield, unchoke: goes before any block
  size_t control_length, control_sent;
  Block *queue; // those from `first` to `last` wait; of the first, `sent` bytes are gone, header included
  size_t first, last, capacity, sent;
} Connection;

static const uint8_t *content;
static uint64_t content_length;
static uint32_t piece_length, piece_count;
static uint8_t infohash[20];

// Slot i of both belongs together; `connections` is NULL for standard input and listeners.
static struct pollfd *polls;
static Connection **connections;
static size_t slot_count, slot_capacity;

static void add_slot(int fd, Connection *connection) {
  if (slot_count == slot_capacity) {
    slot_capacity = slot_capacity ? 2 * slot_capacity : 64;
    polls = need(realloc(polls, slot_capacity * sizeof *polls));
    connections = need(realloc(connections, slot_capacity * sizeof *connections));
  }
  polls[slot_count] = (struct pollfd){.fd = fd, .events = POLLIN};
  connections[slot_count++] = connection;
}

static void remove_slot(size_t slot) {
  if (connections[slot]->is_shaken) {
    printf("sent %llu\n", (unsigned long long)connections[slot]->sent_bytes);
    fflush(stdout);
  }
  close(polls[slot].fd);
  free(connections[slot]->control);
  free(connections[slot]->queue);
  free(connections[slot]);
  slot_count--;
  polls[slot] = polls[slot_count];
  connections[slot] = connections[slot_count];
}

static void tell(const char *what) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  printf("%s %.3f\n", what, t.tv_sec * 1e3 + t.tv_nsec / 1e6);
  fflush(stdout);
}

static void greet(Connection *c) {
  size_t bitfield_bytes = (piece_count + 7) / 8;
  c->control = need(malloc(HANDSHAKE_BYTES + 5 + bitfield_bytes + 5));
  static unsigned greeted; // clients take equal peer ids for one peer
  char peer_id[32];
  snprintf(peer_id, sizeof peer_id, "-BS0001-%012u", greeted++);
  put_handshake(c->control, infohash, peer_id);
  uint8_t *p = c->control + HANDSHAKE_BYTES;
  put32(p, 1 + bitfield_bytes);
  p[4] = BITFIELD;
  memset(p + 5, 0xff, bitfield_bytes);
  if (piece_count % 8) p[4 + bitfield_bytes] = 0xff << (8 - piece_count % 8);
  c->control_length = HANDSHAKE_BYTES + 5 + bitfield_bytes;
}

// The connection has sent INTERESTED; room for one UNCHOKE was left in `greet`.
static void unchoke(Connection *c) {
  if (c->control_sent == c->control_length) c->control_length = c->control_sent = 0;
  put32(c->control + c->control_length, 1);
  c->control[c->control_length + 4] = UNCHOKE;
  c->control_length += 5;
}

static int enqueue(Connection *c, const uint8_t *payload) {
  uint32_t piece = get32(payload), begin = get32(payload + 4), length = get32(payload + 8);
  uint64_t offset = (uint64_t)piece * piece_length + begin;
  if (length > LONGEST_BLOCK || offset + length > content_length) return -1;
  if (c->last == c->capacity) {
    if (c->first > c->capacity / 2) {
      memmove(c->queue, c->queue + c->first, (c->last - c->first) * sizeof *c->queue);
      c->last -= c->first;
      c->first = 0;
    } else {
      if (c->capacity >= MOST_REQUESTS) return -1;
      c->capacity = c->capacity ? 2 * c->capacity : 256;
      c->queue = need(realloc(c->queue, c->capacity * sizeof *c->queue));
    }
  }
  c->queue[c->last++] = (Block){offset, piece, begin, length};
  if (!c->has_asked) {
    tell("request");
    c->has_asked = 1;
  }
  return 0;
}

// A block that has begun to go out is sent to its end.
static void cancel(Connection *c, const uint8_t *payload) {
  uint32_t piece = get32(payload), begin = get32(payload + 4);
  for (size_t i = c->first + (c->sent > 0); i < c->last; i++) {
    if (c->queue[i].piece != piece || c->queue[i].begin != begin) continue;
    memmove(c->queue + i, c->queue + i + 1, (c->last - i - 1) * sizeof *c->queue);
    c->last--;
    return;
  }
}

// Handles the whole messages in the input. Returns -1 when the connection has to go.
static int understand(Connection *c) {
  size_t at = 0;
  if (!c->is_shaken) {
    if (c->input_length < HANDSHAKE_BYTES) return 0;
    if (memcmp(c->input + 28, infohash, 20)) return -1;
    c->is_shaken = 1;
    greet(c);
    tell("shaken");
    at = HANDSHAKE_BYTES;
  }
  while (c->input_length - at >= 4) {
    uint32_t length = get32(c->input + at);
    // A bitfield longer than the input is not expected: whoever connects here has next to nothing, and says so shortly or not at all.
    if (length > INPUT_BYTES - 4) return -1;
    if (c->input_length - at - 4 < length) break;
    const uint8_t *message = c->input + at + 4;
    at += 4 + length;
    if (length == 1 && message[0] == INTERESTED) unchoke(c);
    else if (length == 13 && message[0] == REQUEST && enqueue(c, message + 1) < 0) return -1;
    else if (length == 13 && message[0] == CANCEL) cancel(c, message + 1);
  }
  memmove(c->input, c->input + at, c->input_length - at);
  c->input_length -= at;
  return 0;
}

// Fills `parts` with the blocks at the head of the queue, headers in `headers`. Returns the number of parts.
static int gather(const Connection *c, struct iovec *parts, uint8_t (*headers)[BLOCK_HEADER_BYTES]) {
  int count = 0;
  size_t skip = c->sent;
  for (size_t i = c->first; i < c->last && i - c->first < BLOCKS_PER_SEND; i++) {
    const Block *block = &c->queue[i];
    uint8_t *header = headers[i - c->first];
    put32(header, 9 + block->length);
    header[4] = PIECE;
    put32(header + 5, block->piece);
    put32(header + 9, block->begin);
    size_t header_gone = skip < BLOCK_HEADER_BYTES ? skip : BLOCK_HEADER_BYTES, bytes_gone = skip - header_gone;
    if (header_gone < BLOCK_HEADER_BYTES) parts[count++] = (struct iovec){header + header_gone, BLOCK_HEADER_BYTES - header_gone};
    parts[count++] = (struct iovec){(void *)(content + block->offset + bytes_gone), block->length - bytes_gone};
    skip = 0;
  }
  return count;
}

// Sends until the socket is full or nothing waits. Returns 1 when it is full, 0 when all is out, -1 when the connection has to go.
static int flush_out(Connection *c, int fd) {
  for (;;) {
    struct iovec parts[2 * BLOCKS_PER_SEND];
    uint8_t headers[BLOCKS_PER_SEND][BLOCK_HEADER_BYTES];
    int is_control = c->control_sent < c->control_length && c->sent == 0; // never in the middle of a block
    struct msghdr message = {.msg_iov = parts};
    if (is_control) {
      parts[0] = (struct iovec){c->control + c->control_sent, c->control_length - c->control_sent};
      message.msg_iovlen = 1;
    } else if (c->first < c->last) {
      message.msg_iovlen = gather(c, parts, headers);
    } else {
      c->first = c->last = 0;
      return 0;
    }
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN ? 1 : -1;
    if (is_control) {
      c->control_sent += sent;
      continue;
    }
    c->sent += sent;
    while (c->first < c->last && c->sent >= BLOCK_HEADER_BYTES + c->queue[c->first].length) {
      c->sent -= BLOCK_HEADER_BYTES + c->queue[c->first].length;
      c->sent_bytes += c->queue[c->first].length;
      c->first++;
    }
  }
}

// Reads what there is and answers. Returns as `flush_out`.
static int serve(Connection *c, int fd) {
  for (;;) {
    ssize_t got = recv(fd, c->input + c->input_length, INPUT_BYTES - c->input_length, 0);
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) return -1;
    c->input_length += got;
    if (understand(c) < 0) return -1;
  }
  return c->is_shaken ? flush_out(c, fd) : 0;
}

static void listen_on(const char *address) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in name = {.sin_family = AF_INET};
  socklen_t length = sizeof name;
  if (inet_pton(AF_INET, address, &name.sin_addr) != 1 || fd < 0 || bind(fd, (void *)&name, sizeof name) || listen(fd, 512) ||
      getsockname(fd, (void *)&name, &length)) {
    perror(address);
    exit(2);
  }
  printf("listening %s %d\n", address, ntohs(name.sin_port));
  add_slot(fd, NULL);
}

static void accept_all(int listener) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    int yes = 1, send_buffer = SEND_BUFFER_BYTES;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    add_slot(fd, need(calloc(1, sizeof(Connection))));
  }
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  parse_infohash(argv[1], infohash);
  struct stat status;
  int file = open(argv[2], O_RDONLY);
  if (file < 0 || fstat(file, &status)) return perror(argv[2]), 2;
  content_length = status.st_size;
  content = mmap(NULL, content_length, PROT_READ, MAP_SHARED, file, 0);
  if (content == MAP_FAILED) return perror("mmap"), 2;
  piece_length = strtoul(argv[3], NULL, 10);
  piece_count = (content_length + piece_length - 1) / piece_length;

  add_slot(STDIN_FILENO, NULL);
  for (int i = 4; i < argc; i++) listen_on(argv[i]);
  puts("ready");
  fflush(stdout);

  for (;;) {
    if (poll(polls, slot_count, -1) < 0 && errno != EINTR) return perror("poll"), 2;
    if (polls[0].revents) return 0;
    for (size_t slot = slot_count; slot-- > 1;) { // downwards, so that the slot which moves into a removed one's place has had its turn
      short events = polls[slot].revents;
      if (events == 0) continue;
      polls[slot].revents = 0;
      Connection *c = connections[slot];
      if (!c) {
        accept_all(polls[slot].fd);
        continue;
      }
      int state = events & (POLLIN | POLLERR | POLLHUP) ? serve(c, polls[slot].fd) : flush_out(c, polls[slot].fd);
      if (state < 0) remove_slot(slot);
      else polls[slot].events = POLLIN | (state ? POLLOUT : 0);
    }
  }
}
