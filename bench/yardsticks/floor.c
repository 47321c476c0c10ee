// The floor: the least that one thread must do to download. It receives, hashes, compares and writes; it keeps no state, no rarity and no
// manners, and it gives up when anything goes wrong. What a client takes longer than this is what its comforts cost.
//
//   floor INFOHASH HASHES LENGTH PIECE_LENGTH OUTPUT ADDRESS PORT [ADDRESS PORT]...
//
// HASHES: a file of 20 bytes per piece. LENGTH: of the torrent, in bytes. Every peer must have everything.

#define _GNU_SOURCE
#include "peer-wire.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS_AHEAD 256
#define INPUT_BYTES (256 * 1024)
#define MOST_PEERS 64

// OpenSSL's one-shot digest, declared here so that its headers need not be installed.
typedef struct evp_md_st EVP_MD;
extern const EVP_MD *EVP_sha1(void);
extern int EVP_Digest(const void *data, size_t count, unsigned char *digest, unsigned int *size, const EVP_MD *type, void *engine);

typedef struct Piece {
  uint32_t index, length, received;
  uint8_t *bytes;
  struct Piece *next;
} Piece;

typedef struct {
  int fd, is_shaken, is_unchoked;
  uint8_t input[INPUT_BYTES];
  size_t input_length;
  Piece *open;     // pieces on their way over this connection
  Piece *asking;   // the one of them that is not yet asked for to its end
  uint32_t asked;  // of it
  int outstanding; // blocks
} Peer;

static uint64_t total_length;
static uint32_t piece_length, piece_count, next_piece, done_count;
static uint8_t *hashes;
static int output;
static Piece *spare;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static Piece *begin_piece(void) {
  Piece *piece = spare;
  if (piece) {
    spare = piece->next;
  } else {
    piece = need(malloc(sizeof *piece));
    piece->bytes = need(malloc(piece_length));
  }
  uint64_t offset = (uint64_t)next_piece * piece_length;
  piece->index = next_piece++;
  piece->length = total_length - offset < piece_length ? total_length - offset : piece_length;
  piece->received = 0;
  return piece;
}

static void ask(Peer *peer) {
  uint8_t requests[17 * REQUESTS_AHEAD];
  size_t length = 0;
  while (peer->outstanding < REQUESTS_AHEAD) {
    if (!peer->asking) {
      if (next_piece == piece_count) break;
      peer->asking = begin_piece();
      peer->asking->next = peer->open;
      peer->open = peer->asking;
      peer->asked = 0;
    }
    uint32_t left = peer->asking->length - peer->asked, block = left < BLOCK_BYTES ? left : BLOCK_BYTES;
    uint8_t *p = requests + length;
    put32(p, 13);
    p[4] = REQUEST;
    put32(p + 5, peer->asking->index);
    put32(p + 9, peer->asked);
    put32(p + 13, block);
    length += 17;
    peer->asked += block;
    peer->outstanding++;
    if (peer->asked == peer->asking->length) peer->asking = NULL;
  }
  if (length && send(peer->fd, requests, length, MSG_NOSIGNAL) != (ssize_t)length) fail("send");
}

// Hashes, compares, writes, and forgets the piece. Ends the process after the last one.
static void finish(Peer *peer, Piece *piece) {
  unsigned char digest[20];
  unsigned int size = sizeof digest;
  EVP_Digest(piece->bytes, piece->length, digest, &size, EVP_sha1(), NULL);
  if (memcmp(digest, hashes + 20 * (size_t)piece->index, 20)) fail("wrong hash");
  if (pwrite(output, piece->bytes, piece->length, (off_t)piece->index * piece_length) != (ssize_t)piece->length) fail("pwrite");
  Piece **link = &peer->open;
  while (*link != piece) link = &(*link)->next;
  *link = piece->next;
  piece->next = spare;
  spare = piece;
  if (++done_count == piece_count) exit(0);
}

static void take_block(Peer *peer, const uint8_t *message, uint32_t length) {
  uint32_t index = get32(message + 1), begin = get32(message + 5), count = length - 9;
  Piece *piece = peer->open;
  while (piece && piece->index != index) piece = piece->next;
  if (!piece || begin > piece->length || count > piece->length - begin) fail("a block that was not asked for");
  memcpy(piece->bytes + begin, message + 9, count);
  piece->received += count;
  peer->outstanding--;
  if (piece->received == piece->length) finish(peer, piece);
}

static void receive(Peer *peer) {
  ssize_t got = recv(peer->fd, peer->input + peer->input_length, INPUT_BYTES - peer->input_length, 0);
  if (got <= 0) fail("recv");
  peer->input_length += got;
  size_t at = 0;
  if (!peer->is_shaken) {
    if (peer->input_length < HANDSHAKE_BYTES) return;
    peer->is_shaken = 1;
    at = HANDSHAKE_BYTES;
  }
  while (peer->input_length - at >= 4) {
    uint32_t length = get32(peer->input + at);
    if (peer->input_length - at - 4 < length) break;
    const uint8_t *message = peer->input + at + 4;
    if (length == 1 && message[0] == UNCHOKE) peer->is_unchoked = 1;
    if (length > 9 && message[0] == PIECE) take_block(peer, message, length);
    at += 4 + length;
  }
  memmove(peer->input, peer->input + at, peer->input_length - at);
  peer->input_length -= at;
  if (peer->is_unchoked && peer->outstanding <= REQUESTS_AHEAD * 3 / 4) ask(peer);
}

static Peer *dial(const uint8_t *infohash, const char *address, const char *port) {
  Peer *peer = need(calloc(1, sizeof *peer));
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  inet_pton(AF_INET, address, &name.sin_addr);
  peer->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(peer->fd, (void *)&name, sizeof name)) fail(address);
  uint8_t hello[HANDSHAKE_BYTES + 5];
  put_handshake(hello, infohash, "-BF0001-benchmarkfloor");
  put32(hello + HANDSHAKE_BYTES, 1);
  hello[HANDSHAKE_BYTES + 4] = INTERESTED;
  if (send(peer->fd, hello, sizeof hello, MSG_NOSIGNAL) != sizeof hello) fail("send");
  return peer;
}

int main(int argc, char **argv) {
  int peer_count = (argc - 6) / 2;
  if (peer_count < 1 || peer_count > MOST_PEERS) return 2;
  uint8_t infohash[20];
  parse_infohash(argv[1], infohash);
  total_length = strtoull(argv[3], NULL, 10);
  piece_length = strtoul(argv[4], NULL, 10);
  piece_count = (total_length + piece_length - 1) / piece_length;
  hashes = need(malloc(20 * (size_t)piece_count));
  FILE *file = fopen(argv[2], "r");
  if (!file || fread(hashes, 20, piece_count, file) != piece_count) fail(argv[2]);
  output = open(argv[5], O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (output < 0 || ftruncate(output, total_length)) fail(argv[5]);

  Peer *peers[MOST_PEERS];
  struct pollfd polls[MOST_PEERS];
  for (int i = 0; i < peer_count; i++) {
    peers[i] = dial(infohash, argv[6 + 2 * i], argv[7 + 2 * i]);
    polls[i] = (struct pollfd){.fd = peers[i]->fd, .events = POLLIN};
  }
  for (;;) {
    if (poll(polls, peer_count, -1) < 0) fail("poll");
    for (int i = 0; i < peer_count; i++) {
      if (polls[i].revents) receive(peers[i]);
    }
  }
}
