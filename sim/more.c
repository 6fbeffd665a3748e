#include "more.h"

#include "base/base.h"
#include "device.h"
#include "tls.h"

#include <stdlib.h>

struct more *more_get(struct device *d)
{
	if (!d->more) {
		d->more = mem_alloc(sizeof(*d->more));
		d->more->next_object = MORE_OBJECT_FIRST;
		d->more->next_user = 1;
	}
	return d->more;
}

void more_free(struct more *m)
{
	if (!m)
		return;
	for (struct change *c = m->changes, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	for (struct object *o = m->objects, *next; o; o = next) {
		next = o->next;
		free(o);
	}
	for (struct user *u = m->users, *next; u; u = next) {
		next = u->next;
		free(u);
	}
	more_free(m->owner);
	log_clear(&m->events);
	log_clear(&m->audit);
	tls_certificate_free(m->certificate);
	tls_credential_free(m->serving);
	free(m);
}

static bool is(const struct change *c, const char *class_name, uint32_t instance, const char *prop)
{
	return c->instance == instance && strcmp(c->class_name, class_name) == 0 &&
	       (!prop || strcmp(c->prop, prop) == 0);
}

const struct change *more_change(const struct device *d, const char *class_name, uint32_t instance, const char *prop)
{
	if (!d->more)
		return NULL;
	for (const struct change *c = d->more->changes; c; c = c->next)
		if (is(c, class_name, instance, prop))
			return c;
	return NULL;
}

void more_unset(struct device *d, const char *class_name, uint32_t instance, const char *prop)
{
	if (!d->more)
		return;
	for (struct change **p = &d->more->changes; *p;) {
		struct change *c = *p;

		if (!is(c, class_name, instance, prop)) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		free(c);
	}
}

void more_set(struct device *d, const char *class_name, uint32_t instance, const char *prop, uint32_t count,
	      const char *values, size_t len)
{
	struct more *m = more_get(d);
	struct change *c = mem_alloc(sizeof(*c) + len + 1);

	more_unset(d, class_name, instance, prop);
	c->class_name = class_name;
	c->prop = prop;
	c->instance = instance;
	c->count = count;
	if (len > 0)
		memcpy(c->values, values, len);
	c->next = m->changes;
	m->changes = c;
}

void more_set_str(struct device *d, const char *class_name, uint32_t instance, const char *prop, const char *value)
{
	more_set(d, class_name, instance, prop, 1, value, strlen(value) + 1);
}

struct object *more_object_new(struct device *d, const char *class_name)
{
	struct more *m = more_get(d);
	struct object **end = &m->objects, *o;
	unsigned n = 0;

	for (; *end; end = &(*end)->next)
		n++;
	if (n >= MORE_OBJECTS_MAX)
		return NULL;
	o = mem_alloc(sizeof(*o));
	o->class_name = class_name;
	o->id = m->next_object++;
	*end = o;
	return o;
}

struct object *more_object_find(const struct device *d, const char *class_name, uint32_t id)
{
	for (struct object *o = d->more ? d->more->objects : NULL; o; o = o->next)
		if (o->id == id && strcmp(o->class_name, class_name) == 0)
			return o;
	return NULL;
}

unsigned more_object_count(const struct device *d, const char *class_name)
{
	unsigned n = 0;

	for (const struct object *o = d->more ? d->more->objects : NULL; o; o = o->next)
		n += strcmp(o->class_name, class_name) == 0;
	return n;
}

void more_object_delete(struct device *d, const char *class_name, uint32_t id)
{
	if (!d->more)
		return;
	for (struct object **p = &d->more->objects; *p; p = &(*p)->next) {
		struct object *o = *p;

		if (o->id == id && strcmp(o->class_name, class_name) == 0) {
			*p = o->next;
			free(o);
			break;
		}
	}
	more_unset(d, class_name, id, NULL);
}

static uint16_t record_len(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void drop_oldest(struct log *l)
{
	size_t n = 2u + record_len(l->p);

	memmove(l->p, l->p + n, l->len - n);
	l->len -= n;
	l->count--;
	l->lost++;
}

void log_add(struct log *l, const void *record, uint16_t len, uint32_t max_records)
{
	while (l->count >= max_records && l->count > 0)
		drop_oldest(l);
	if (l->len + 2u + len > l->cap) {
		l->cap = (l->len + 2u + len) * 2;
		l->p = mem_grow(l->p, l->cap, 1);
	}
	l->p[l->len] = (uint8_t)(len >> 8);
	l->p[l->len + 1] = (uint8_t)len;
	memcpy(l->p + l->len + 2, record, len);
	l->len += 2u + len;
	l->count++;
}

struct bytes log_at(const struct log *l, uint32_t i)
{
	const uint8_t *p = l->p;

	if (i >= l->count)
		return BYTES_NONE;
	while (i-- > 0)
		p += 2 + record_len(p);
	return BYTES(p + 2, record_len(p));
}

void log_clear(struct log *l)
{
	free(l->p);
	*l = (struct log){0};
}
