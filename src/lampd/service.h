/* service.h - what a service manager and lampd say to each other, without a library: the notify protocol (sd_notify(3):
 * datagrams to NOTIFY_SOCKET) and inherited sockets (sd_listen_fds(3)). Main thread, at start and end. */
#ifndef LAMPD_SERVICE_H
#define LAMPD_SERVICE_H

/* "READY=1", "STOPPING=1", "STATUS=..."; several with newlines between. Nothing happens without NOTIFY_SOCKET. */
void service_notify(const char *state);

/* The first inherited listening socket, made non-blocking and close-on-exec; -1 when there is none. */
int service_listen_fd(void);

#endif
