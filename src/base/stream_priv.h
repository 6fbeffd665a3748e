/* stream_priv.h - what base/stream.c and base/stream_listen.c share. */
#ifndef BASE_STREAM_PRIV_H
#define BASE_STREAM_PRIV_H

/* TCP_USER_TIMEOUT: how long sent bytes may stay without acknowledgement. */
#define STREAM_UNANSWERED_MS 10000

/* TCP_NODELAY, and the above. */
void stream_tcp_options(int fd);

#endif
