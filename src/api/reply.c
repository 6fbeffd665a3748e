#include <stdio.h>
#include <time.h>

#include "api/api_priv.h"
#include "base/clock.h"
#include "base/metric.h"
#include "base/secret.h"

/* Results that are ignored here mark the buf; reply_end looks at it once. */

static void write_date(struct buf *out, struct clock *clock)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = (time_t)(clock_wall_ms(clock) / 1000);
	struct tm tm;
	char text[64];
	if (!gmtime_r(&now, &tm))
		return;
	(void)snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
		       months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	(void)http1_write_header_str(out, "Date", text);
}

/* No script may read it, no other site's page sends it, and no other host can set it. */
static void write_cookie(struct conn *c)
{
	char text[TOKEN_TEXT_SIZE + 128];
	bool begins = *c->token_secret != 0;
	(void)snprintf(text, sizeof(text), COOKIE_NAME "=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s",
		       begins ? c->token_secret : "", begins ? "" : "; Max-Age=0");
	(void)http1_write_header_str(&c->out, "Set-Cookie", text);
	secret_wipe(text, sizeof(text));
}

/* What every answer says; the console's pages will say more in their own policy. */
static void write_common(struct conn *c, int status)
{
	static const char *const headers[][2] = {
		{"Cache-Control", "no-store"},
		{"X-Content-Type-Options", "nosniff"},
		{"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Referrer-Policy", "no-referrer"},
	};
	metric_add(METRIC_api_requests, 1);
	if (status >= 400)
		metric_add(METRIC_api_errors, 1);
	(void)http1_write_status(&c->out, status, NULL);
	write_date(&c->out, c->api->clock);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		(void)http1_write_header_str(&c->out, headers[i][0], headers[i][1]);
	if (c->req.changed) {
		char id[EVENT_ID_SIZE];
		event_id(c->api->server, c->req.answered_after, id);
		(void)http1_write_header_str(&c->out, "Event-ID", id);
	}
	if (c->req.cookie && status < 300)
		write_cookie(c);
	if (status == 401)
		(void)http1_write_header_str(&c->out, "WWW-Authenticate", "Bearer realm=\"lamplighter\"");
	if (status == 429)
		(void)http1_write_header_u64(&c->out, "Retry-After", AUTH_WINDOW_MS / 1000);
	if (status == 503)
		(void)http1_write_header_str(&c->out, "Retry-After", "2");
	if (status == 405 && *c->req.allow)
		(void)http1_write_header_str(&c->out, "Allow", c->req.allow);
	if (c->api->stopping)
		c->req.keep_alive = false;
	if (!c->req.keep_alive)
		(void)http1_write_header_str(&c->out, "Connection", "close");
	else if (c->http.minor == 0)
		(void)http1_write_header_str(&c->out, "Connection", "keep-alive");
}

static void reply_end(struct conn *c)
{
	if (buf_check(&c->out, NULL, "reply")) {
		conn_close(c);
		return;
	}
	c->state = CONN_WRITING;
	conn_pump(c);
}

void reply_text(struct conn *c, int status, const char *media, struct bytes body)
{
	write_common(c, status);
	(void)http1_write_header_str(&c->out, "Content-Type", media);
	if (c->req.head_only) {
		(void)http1_write_header_u64(&c->out, "Content-Length", body.len);
		(void)http1_write_end(&c->out);
	} else {
		(void)http1_write_end_body(&c->out, body);
	}
	reply_end(c);
}

void reply_json(struct conn *c, int status, struct bytes body)
{
	reply_text(c, status, "application/json", body);
}

void reply_error(struct conn *c, int status, const struct err *e)
{
	struct buf body;
	request_refused(c, status, e);
	buf_init(&body, REPLY_MAX);
	api_error_write(&body, e, &API_ERROR_NONE);
	reply_json(c, status, buf_bytes(&body));
	buf_release(&body);
}

void reply_none(struct conn *c)
{
	write_common(c, 204);
	(void)http1_write_end(&c->out);
	reply_end(c);
}

void reply_options(struct conn *c)
{
	write_common(c, 204);
	(void)http1_write_header_str(&c->out, "Allow", c->req.allow);
	(void)http1_write_end(&c->out);
	reply_end(c);
}

void reply_stream(struct conn *c)
{
	c->req.keep_alive = false;
	write_common(c, 200);
	(void)http1_write_header_str(&c->out, "Content-Type", "text/event-stream");
	(void)http1_write_end(&c->out);
}
