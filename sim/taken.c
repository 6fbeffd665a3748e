#include "taken.h"

#include "base/base.h"
#include "base/map.h"

#include <arpa/inet.h>
#include <stdio.h>

#define STATE_LISTEN 0x0a
#define STATE_UDP    0x07 /* not connected */

struct taken {
	struct map_u64 *set;
};

static uint64_t key(uint32_t address, uint16_t port)
{
	return (uint64_t)address << 16 | port;
}

struct taken *taken_read(bool udp)
{
	struct taken *t = mem_alloc(sizeof(*t));
	FILE *in = fopen(udp ? "/proc/net/udp" : "/proc/net/tcp", "re");
	unsigned address, port, state;
	char line[512];

	t->set = map_u64_new();
	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, " %*u: %8x:%4x %*8x:%*4x %2x", &address, &port, &state) == 3 &&
		    state == (udp ? STATE_UDP : STATE_LISTEN))
			(void)map_u64_put(t->set, key(ntohl(address), (uint16_t)port), t); /* any value will do */
	if (in)
		fclose(in);
	return t;
}

void taken_free(struct taken *t)
{
	map_u64_free(t->set);
	free(t);
}

bool taken_has(const struct taken *t, uint32_t address, uint16_t port)
{
	return map_u64_get(t->set, key(address, port)) != NULL;
}
