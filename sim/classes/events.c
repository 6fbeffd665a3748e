/* Alarms, and where events are subscribed to. Intel AMT guide; class shapes recorded or from its class reference. */
#include "events.h"
#include "base/base.h"
#include "classes/classes.h"

#define ALARM         "IPS_AlarmClockOccurrence"
#define ALARMS_MAX    5
#define NAME_MAX_LEN  32
#define LISTENER      "CIM_ListenerDestinationWSManagement"
#define SUBSCRIPTION  "CIM_FilterCollectionSubscription"
#define NOTIFY_TO_MAX 253 /* Intel AMT guide */

static const struct prop service_props[] = {
	KEY("CreationClassName", "AMT_AlarmClockService"),
	FIXED("ElementName", STR, "Intel(r) AMT Alarm Clock Service"),
	KEY("Name", "Intel(r) AMT Alarm Clock Service"),
	IN_HOST,
};

/* The fields of the template stand in the namespace of the occurrence's class. */
static const struct xml_node *field(const struct xml_node *template, const char *name)
{
	return template && template->child ? xml_child(template, template->child->ns, name) : NULL;
}

/* The text of a datetime or interval, which stands one element deeper; GW leaves the Z off. */
static bool time_text(const struct xml_node *n, char to[CLOCK_TEXT_SIZE])
{
	size_t len;

	if (!n || !bytes_to_str(xml_text(n->child ? n->child : n), to, CLOCK_TEXT_SIZE - 1))
		return false;
	len = strlen(to);
	if (len > 0 && to[0] != 'P' && to[len - 1] != 'Z')
		memcpy(to + len, "Z", 2);
	return len > 0;
}

static bool name_taken(const struct invoke *i, const char *name)
{
	struct get g = i->g;
	struct values v;

	for (uint32_t k = 0; class_instance_at(class_find(BYTES_LIT(ALARM)), &g, k); k++)
		if (strcmp(class_text(ALARM, "InstanceID", &g, &v), name) == 0)
			return true;
	return false;
}

struct alarm {
	char id[NAME_MAX_LEN + 1], element[NAME_MAX_LEN + 1], start[CLOCK_TEXT_SIZE], interval[CLOCK_TEXT_SIZE];
	bool has_interval, once;
};

/* The seconds must be 0, the time to come. */
static bool read_alarm(const struct invoke *i, struct alarm *a)
{
	const struct xml_node *t = invoke_node(i, "AlarmTemplate");
	int64_t at;

	if (!t || !bytes_to_str(xml_text(field(t, "InstanceID")), a->id, sizeof(a->id)) || a->id[0] == '\0' ||
	    !time_text(field(t, "StartTime"), a->start) || !clock_parse(a->start, &at))
		return false;
	if (!bytes_to_str(xml_text(field(t, "ElementName")), a->element, sizeof(a->element)))
		return false;
	a->has_interval = time_text(field(t, "Interval"), a->interval);
	if (!xml_bool(field(t, "DeleteOnCompletion"), &a->once))
		return false;
	return at % 60000 == 0 && at / 1000 > device_clock_s(i->x->s, i->x->d);
}

static uint32_t add_alarm(struct invoke *i)
{
	struct device *d = i->x->d;
	struct alarm a = {.has_interval = false};
	struct wsman_epr none = {.address = BYTES_LIT("default")};
	struct object *o;

	if (!read_alarm(i, &a) || name_taken(i, a.id)) {
		i->fault = WSMAN_FAULT_INVALID_REPRESENTATION;
		return 0;
	}
	o = more_object_count(d, ALARM) < ALARMS_MAX ? more_object_new(d, ALARM) : NULL;
	if (!o) {
		i->fault = WSMAN_FAULT_QUOTA_LIMIT;
		return 0;
	}
	more_set_str(d, ALARM, o->id, "InstanceID", a.id);
	more_set_str(d, ALARM, o->id, "ElementName", a.element);
	more_set_str(d, ALARM, o->id, "StartTime", a.start);
	if (a.has_interval)
		more_set_str(d, ALARM, o->id, "Interval", a.interval);
	more_set_str(d, ALARM, o->id, "DeleteOnCompletion", a.once ? "true" : "false");
	wsman_add_epr(i->w, "AlarmClock", &none);
	return RV_OK;
}

static const struct method service_methods[] = {{"AddAlarm", add_alarm, PROFILE_VERSION(8, 0)}};

static const struct class service = {.name = "AMT_AlarmClockService",
				     CLASS_PROPS(service_props),
				     CLASS_METHODS(service_methods),
				     .instances = 1,
				     .flags = CLASS_COMMON};

static const struct prop alarm_props[] = {
	PUT("DeleteOnCompletion", BOOL, "true"), PUT_NULL("ElementName", STR),    {"InstanceID", PROP_STR, PROP_KEY},
	PUT_NULL("Interval", INTERVAL),          PUT_NULL("StartTime", DATETIME),
};

static const struct class alarm_class = {
	.name = ALARM, CLASS_PROPS(alarm_props), .flags = CLASS_DELETE | CLASS_COMMON, SINCE(8, 0)};

/* "P1DT2H3M" in seconds; 0: none. */
static int64_t interval_s(const char *text)
{
	int64_t total = 0, n = 0;

	for (const char *p = text; *p; p++) {
		if (*p >= '0' && *p <= '9') {
			n = n < 100000 ? n * 10 + (*p - '0') : n;
			continue;
		}
		total += n * (*p == 'D' ? 86400 : *p == 'H' ? 3600 : *p == 'M' ? 60 : *p == 'S' ? 1 : 0);
		n = 0;
	}
	return total;
}

/* One alarm that is due: the host goes on; the alarm goes, or on to its next time. */
static void ring(struct sim *s, struct device *d, struct get *g, int64_t at_s)
{
	struct values v;
	int64_t every = interval_s(class_text(ALARM, "Interval", g, &v));
	char text[CLOCK_TEXT_SIZE];

	if (d->power.state != POWER_ON) {
		device_force(s, d, POWER_ON);
	}
	if (every <= 0) {
		more_object_delete(d, ALARM, g->instance);
		return;
	}
	while (at_s <= device_clock_s(s, d))
		at_s += every;
	clock_text(at_s * 1000, text);
	more_set_str(d, ALARM, g->instance, "StartTime", text);
}

void alarms_settle(struct sim *s, struct device *d)
{
	struct get g = {.s = s, .d = d, .p = device_profile(d)};
	struct values v;
	int64_t at;

	for (uint32_t k = 0; class_instance_at(&alarm_class, &g, k);) {
		uint32_t before = more_object_count(d, ALARM);

		if (clock_parse(class_text(ALARM, "StartTime", &g, &v), &at) && at / 1000 <= device_clock_s(s, d))
			ring(s, d, &g, at / 1000);
		k += more_object_count(d, ALARM) == before;
	}
}

static const char *const filters[] = {"All", "Features", "CorePlatform", "User", "SystemDefense"};

static void filter_id(const struct get *g, struct values *to)
{
	values_fmt(to, "Intel(r) AMT:%s", filters[g->instance]);
}

static const struct prop filter_props[] = {
	MADE("CollectionName", STR, filter_id),
	FIXED("ElementName", STR, "Intel(r) AMT:Filter Collection"),
	MADE_KEY("InstanceID", filter_id),
};

static const struct prop listener_props[] = {
	KEY("CreationClassName", "CIM_ListenerDestinationWSManagement"),
	FIXED("DeliveryMode", INT, "2"),
	{"Destination", PROP_STR, 0, .value = NULL},
	FIXED("ElementName", STR, "Intel(r) AMT:Listener Destination"),
	{"Name", PROP_STR, PROP_KEY},
	IN_AMT,
};

static const struct class listener = {
	.name = "CIM_ListenerDestinationWSManagement", CLASS_PROPS(listener_props), .flags = CLASS_DELETE, SINCE(3, 2)};

static const char *const destination_members[] = {"CIM_ListenerDestinationWSManagement", NULL};
static const struct class destination = {
	.name = "CIM_ListenerDestination", .members = destination_members, SINCE(3, 2)};

/* The reference by which the subscription can be found again; its form is not known from firmware. */
static void add_manager(const struct invoke *i, const char *handler)
{
	struct wsman_epr epr;

	if (epr_from_text(bytes_str(handler), &epr))
		wsman_add_epr(i->w, "SubscriptionManager", &epr);
}

static uint32_t subscribers_max(const struct get *g)
{
	return g->p->major < 6 ? 6 : 9;
}

/* Where events would be sent; they are not, but clients list and remove what they subscribed to. */
static bool subscribe(struct invoke *i, enum wsman_fault *fault)
{
	const struct xml_node *delivery = xml_child(i->in, XML_NS_EVENTING, "Delivery");
	const struct xml_node *to = xml_child(delivery, XML_NS_EVENTING, "NotifyTo");
	struct bytes address = xml_text(xml_child(to, XML_NS_ADDRESSING, "Address"));
	const struct xml_attr *mode = delivery ? xml_attr(delivery, "Mode") : NULL;
	struct device *d = i->x->d;
	struct object *o, *l;
	char text[256], name[64];

	if (i->call->op != WSMAN_SUBSCRIBE || !mode || address.len == 0 || address.len > NOTIFY_TO_MAX ||
	    !bytes_to_str(address, text, sizeof(text)))
		return false;
	*fault = WSMAN_FAULT_QUOTA_LIMIT;
	if (more_object_count(d, LISTENER) >= subscribers_max(&i->g))
		return false;
	l = more_object_new(d, LISTENER);
	o = l ? more_object_new(d, SUBSCRIPTION) : NULL;
	if (!o)
		return false;
	snprintf(name, sizeof(name), "Intel(r) AMT:Listener Destination %u", l->id);
	more_set_str(d, LISTENER, l->id, "Name", name);
	more_set_str(d, LISTENER, l->id, "Destination", text);
	more_set_str(d, LISTENER, l->id, "DeliveryMode",
		     memmem(mode->value.p, mode->value.len, "PushWithAck", 11) ? "3" : "2");
	snprintf(text, sizeof(text), "CIM_FilterCollection?InstanceID=Intel(r) AMT:%s", filters[i->g.instance]);
	more_set_str(d, SUBSCRIPTION, o->id, "Filter", text);
	snprintf(text, sizeof(text), LISTENER "?CreationClassName=" LISTENER "&Name=%s" SELECTORS_IN_AMT, name);
	more_set_str(d, SUBSCRIPTION, o->id, "Handler", text);
	add_manager(i, text);
	return true;
}

static const struct class filter = {.name = "CIM_FilterCollection",
				    CLASS_PROPS(filter_props),
				    .instances = ARRAY_LEN(filters),
				    .subscribe = subscribe,
				    SINCE(3, 2)};

/* The listener goes with its subscription. */
static bool unsubscribe(struct invoke *i, enum wsman_fault *fault)
{
	struct values v;
	struct wsman_epr epr;
	struct get l = i->g;
	const char *handler = class_text(SUBSCRIPTION, "Handler", &i->g, &v);

	if (i->call->op != WSMAN_UNSUBSCRIBE || i->call->selector_count == 0)
		return false;
	if (epr_from_text(bytes_str(handler), &epr) && class_select(&listener, &l, epr.selectors, epr.selector_count))
		more_object_delete(i->x->d, LISTENER, l.instance);
	more_object_delete(i->x->d, SUBSCRIPTION, i->g.instance);
	return true;
}

static const struct prop subscription_props[] = {
	{"Filter", PROP_EPR, PROP_KEY},
	{"Handler", PROP_EPR, PROP_KEY},
};

static const struct class subscription = {.name = "CIM_FilterCollectionSubscription",
					  CLASS_PROPS(subscription_props),
					  .flags = CLASS_DELETE,
					  .subscribe = unsubscribe,
					  SINCE(3, 2)};

const struct class *const classes_events[] = {
	&service, &alarm_class, &filter, &listener, &destination, &subscription, NULL,
};
