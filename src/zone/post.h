/* post.h - what zone/ and post/ say to each other: post/ passes messages and audit records on to sinks (which people
 * call targets). Plain messages through mailboxes. */
#ifndef ZONE_POST_H
#define ZONE_POST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mailbox.h"

/* From the zone, after the commit. */
enum post_mail {
	POST_NEWS = 1, /* there are new messages or audit records, or sinks were changed */
	POST_TEST,
	POST_DEBUG,
	POST_STOP,
};

struct post_news {
	struct mail mail; /* POST_NEWS */
	bool sinks;       /* read them again */
};

struct post_test {
	struct mail mail; /* POST_TEST */
	uint64_t request; /* of the command that waits for the answer */
	int64_t sink;
};

/* A message that goes to the local log file only. */
struct post_debug {
	struct mail mail; /* POST_DEBUG */
	int number;
	int64_t time, object, related;
	char name[64], text[256];
};

/* To the zone. */
enum zone_post_mail {
	ZONE_SINK_STATE = 200,
	ZONE_SINK_TESTED,
};

struct sink_state {
	struct mail mail; /* ZONE_SINK_STATE */
	int64_t sink, position, sent, missed;
	bool failing;
	char error[384]; /* a sentence, when it fails */
};

struct sink_tested {
	struct mail mail; /* ZONE_SINK_TESTED */
	uint64_t request;
	int code; /* 0: it took the message */
	char error[384];
};

/* Each is zeroed but for kind and free. */
struct post_news *post_news_new(void);
struct post_test *post_test_new(void);
struct post_debug *post_debug_new(void);
struct sink_state *sink_state_new(void);
struct sink_tested *sink_tested_new(void);

#endif
