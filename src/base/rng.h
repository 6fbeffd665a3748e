/* rng.h - chance. rng_secret is the kernel's, for keys, nonces and tokens. struct rng is a seeded generator for
 * everything that a test must be able to repeat (back-off, spreading, simulated faults); never for secrets. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

void rng_secret(void *to, size_t len); /* getrandom; aborts if the kernel cannot. Any thread. */

struct rng {
	uint64_t s[4]; /* xoshiro256** */
};

void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* 0 .. n-1, without bias; n > 0 */
void rng_fill(struct rng *r, void *to, size_t len);
uint64_t rng_hash(uint64_t seed, const void *p, size_t len); /* same everywhere, for spreading; not for maps */

#endif
