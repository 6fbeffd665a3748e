#include "base/rng.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/base.h"

void rng_secret(void *to, size_t len)
{
	uint8_t *p = to;
	while (len) {
		ssize_t n = getrandom(p, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		ASSERT(n > 0);
		p += n;
		len -= (size_t)n;
	}
}

static uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

/* The finisher of splitmix64: each bit of the input moves half of the output's. */
static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void rng_init(struct rng *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		seed += UINT64_C(0x9e3779b97f4a7c15);
		r->s[i] = mix(seed);
	}
}

uint64_t rng_next(struct rng *r)
{
	uint64_t *s = r->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	ASSERT(n > 0);
	uint64_t unfair = (0 - n) % n; /* 2^64 mod n: so many values would come up once too often */
	uint64_t v;
	do
		v = rng_next(r);
	while (v < unfair);
	return v % n;
}

void rng_fill(struct rng *r, void *to, size_t len)
{
	uint8_t *p = to;
	for (size_t i = 0; i < len; i += 8) {
		uint64_t v = rng_next(r);
		for (size_t j = i; j < len && j < i + 8; j++, v >>= 8)
			p[j] = (uint8_t)v;
	}
}

uint64_t rng_hash(uint64_t seed, const void *p, size_t len)
{
	const uint8_t *b = p;
	uint64_t h = mix(seed ^ len);
	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * UINT64_C(0x100000001b3);
	return mix(h);
}
