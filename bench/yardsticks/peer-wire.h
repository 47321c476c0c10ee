// What the seeder and the floor share of the peer wire protocol (BEP 3).

#ifndef PEER_WIRE_H
#define PEER_WIRE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HANDSHAKE_BYTES 68
#define BLOCK_BYTES 16384
enum { UNCHOKE = 1, INTERESTED = 2, BITFIELD = 5, REQUEST = 6, PIECE = 7, CANCEL = 8 };

static inline uint32_t get32(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }

static inline void put32(uint8_t *p, uint32_t value) {
  p[0] = value >> 24;
  p[1] = value >> 16;
  p[2] = value >> 8;
  p[3] = value;
}

// <19><"BitTorrent protocol"><8 bytes, no extension><infohash: 20><peer id: 20>
static inline void put_handshake(uint8_t *p, const uint8_t *infohash, const char *peer_id) {
  memset(p, 0, HANDSHAKE_BYTES);
  p[0] = 19;
  memcpy(p + 1, "BitTorrent protocol", 19);
  memcpy(p + 28, infohash, 20);
  memcpy(p + 48, peer_id, 20);
}

// 40 hex digits to 20 bytes.
static inline void parse_infohash(const char *hex, uint8_t *infohash) {
  for (int i = 0; i < 20; i++) {
    unsigned byte = 0;
    if (sscanf(hex + 2 * i, "%2x", &byte) != 1) exit(2);
    infohash[i] = byte;
  }
}

// Out of memory ends a yardstick.
static inline void *need(void *memory) {
  if (!memory) {
    perror("memory");
    exit(2);
  }
  return memory;
}

#endif
