#include "api/api_priv.h"
#include "base/metric.h"

#define METRICS_MAX (256u * 1024)
#define OPENAPI_MAX (2u * 1024 * 1024)

static const char root_text[] =
	"Lamplighter " LAMPLIGHTER_VERSION ", out-of-band management for Intel AMT.\n"
	"\n"
	"This is the API of a zone server. It is described at /openapi.json; the zone's root certificate is at "
	"/ca.pem.\n"
	"People use the command lamp: 'lamp --help' lists what it can do, and 'man lamp' explains it.\n"
	"A token for programs is made with: lamp token add NAME --role operator\n";

int page_prepare(struct api *a, struct err *e)
{
	buf_init(&a->openapi, OPENAPI_MAX);
	buf_init(&a->ca_pem, OPENAPI_MAX);
	return api_openapi_write(&a->openapi) ? err_set(e, ERR_FAILED, "the API description is too big") : 0;
}

static void reply_metrics(struct conn *c)
{
	struct buf text;
	buf_init(&text, METRICS_MAX);
	(void)metric_write(&text); /* cut where it is too big, which it is not */
	reply_text(c, 200, c->req.page->media, buf_bytes(&text));
	buf_release(&text);
}

static void reply_ca(struct conn *c)
{
	struct err e = ERR_INIT;
	if (c->api->ca_pem.len) {
		reply_text(c, 200, c->req.page->media, buf_bytes(&c->api->ca_pem));
		return;
	}
	(void)err_set(&e, ERR_BUSY, "the zone's root certificate is being made");
	reply_error(c, 503, &e);
}

void page_run(struct conn *c)
{
	const struct api_page *p = c->req.page;
	if (p == api_page(API_PAGE_METRICS))
		reply_metrics(c);
	else if (p == api_page(API_PAGE_CA))
		reply_ca(c);
	else if (p == api_page(API_PAGE_OPENAPI))
		reply_text(c, 200, p->media, buf_bytes(&c->api->openapi));
	else if (p == api_page(API_PAGE_ROOT))
		reply_text(c, 200, p->media, bytes_str(root_text));
	else if (c->api->zone_stopped || c->api->stopping)
		request_busy(c, "the server is stopping");
	else
		reply_text(c, 200, p->media, BYTES_LIT("ok\n"));
}
