/* SPDX-License-Identifier: Apache-2.0 */
/* The slots on the screen and what stands in them. */
#include "agent/session/notices.h"

#include <stdio.h>
#include <string.h>

#include "agent/session/words.h"
#include "bpf/decisions.h"

static bool is_same_kind(const struct refusal *a, const struct refusal *b)
{
	return a->is_warn == b->is_warn && a->told == b->told && a->channel == b->channel &&
	       !strcmp(a->program, b->program) && !strcmp(a->path, b->path) &&
	       !strcmp(a->destination, b->destination) && !strcmp(a->text, b->text);
}

static bool is_over(const struct notice_slot *slot, uint64_t now_ms, uint64_t after_ms)
{
	return !slot->is_used || slot->last_ms + after_ms <= now_ms;
}

static void slot_begin(struct notice_slot *slot, uint64_t now_ms)
{
	*slot = (struct notice_slot){.is_used = true,
		.first_ms = now_ms,
		.id = slot->id,
		.is_sending = slot->is_sending};
}

/* The one of this kind; else one that nobody needs any more; else the one that counts. */
static struct notice_slot *slot_for(
	struct notices *notices, const struct refusal *refusal, uint64_t now_ms)
{
	struct notice_slot *oldest = &notices->slots[0], *slot;

	for (unsigned int i = 0; i < NOTICES_KINDS; i++) {
		slot = &notices->slots[i];
		if (slot->is_used && is_same_kind(&slot->refusal, refusal)) {
			if (is_over(slot, now_ms, NOTICES_FORGET_MS))
				slot_begin(slot, now_ms);
			return slot;
		}
		if (oldest->is_used && (!slot->is_used || slot->last_ms < oldest->last_ms))
			oldest = slot;
	}
	if (is_over(oldest, now_ms, NOTICES_HOLD_MS)) {
		slot_begin(oldest, now_ms);
		return oldest;
	}
	slot = &notices->slots[NOTICES_REST];
	if (is_over(slot, now_ms, NOTICES_FORGET_MS))
		slot_begin(slot, now_ms);
	return slot;
}

void notices_add(struct notices *notices, const struct refusal *refusal, uint64_t now_ms)
{
	struct notice_slot *slot = slot_for(notices, refusal, now_ms);

	slot->refusal = *refusal;
	slot->count += refusal->count;
	slot->last_ms = now_ms;
	slot->is_due = true;
}

/* The rest is shown a moment after its first, so that it has something to count. */
static uint64_t due_ms(const struct notices *notices, unsigned int index)
{
	const struct notice_slot *slot = &notices->slots[index];

	if (slot->shown_ms)
		return slot->shown_ms + NOTICES_AGAIN_MS;
	return slot->first_ms + (index == NOTICES_REST ? NOTICES_GATHER_MS : 0);
}

int notices_next(struct notices *notices, uint64_t now_ms)
{
	for (unsigned int i = 0; i < NOTICES_MAX; i++) {
		struct notice_slot *slot = &notices->slots[i];

		if (!slot->is_due || slot->is_sending)
			continue;
		if (slot->last_ms + NOTICES_STALE_MS <= now_ms) {
			slot->is_due = false;
			continue;
		}
		if (due_ms(notices, i) > now_ms)
			continue;
		slot->is_due = false;
		slot->is_sending = true;
		return (int)i;
	}
	return -1;
}

int notices_wait_ms(const struct notices *notices, uint64_t now_ms)
{
	int wait = -1;

	for (unsigned int i = 0; i < NOTICES_MAX; i++) {
		uint64_t due = due_ms(notices, i);
		int left = due > now_ms ? (int)(due - now_ms) : 0;

		if (notices->slots[i].is_due && !notices->slots[i].is_sending &&
			(wait < 0 || left < wait))
			wait = left;
	}
	return wait;
}

void notices_shown(struct notices *notices, int slot, uint32_t id, uint64_t now_ms)
{
	notices->slots[slot].is_sending = false;
	notices->slots[slot].id = id;
	notices->slots[slot].shown_ms = now_ms;
}

void notices_failed(struct notices *notices, int slot)
{
	notices->slots[slot].is_sending = false;
	notices->slots[slot].is_due = true;
}

void notices_closed(struct notices *notices, uint32_t id)
{
	for (unsigned int i = 0; id && i < NOTICES_MAX; i++)
		if (notices->slots[i].id == id)
			notices->slots[i].id = 0;
}

void notices_forget_ids(struct notices *notices)
{
	for (unsigned int i = 0; i < NOTICES_MAX; i++)
		notices->slots[i].id = 0;
}

const char *notices_link(const struct notices *notices, uint32_t id)
{
	for (unsigned int i = 0; id && i < NOTICES_MAX; i++)
		if (notices->slots[i].id == id && notices->slots[i].refusal.link[0])
			return notices->slots[i].refusal.link;
	return NULL;
}

/* "open budget.txt": the channel in words. */
static void act_words(const struct refusal *refusal, char *ret_text, size_t size)
{
	const char *file = refusal->file[0] ? refusal->file : "a file";

	switch (refusal->channel) {
	case HF_CHANNEL_OPEN:
		(void)snprintf(ret_text, size, "open %s", file);
		break;
	case HF_CHANNEL_REMOVABLE:
		(void)snprintf(ret_text, size, "write %s to a removable device", file);
		break;
	case HF_CHANNEL_NETSHARE:
		(void)snprintf(ret_text, size, "write %s to a network share", file);
		break;
	case HF_CHANNEL_NETWORK:
		(void)snprintf(ret_text, size, "send to %s",
			refusal->destination[0] ? refusal->destination : "the network");
		break;
	case HF_CHANNEL_LOCAL_FILE:
		(void)snprintf(ret_text, size, "write %s", file);
		break;
	case HF_CHANNEL_RAWDISK:
		(void)snprintf(ret_text, size, "use the raw device %s", file);
		break;
	case HF_CHANNEL_DEBUG:
		(void)snprintf(ret_text, size, "look into another program");
		break;
	case HF_CHANNEL_DESCRIPTOR:
		(void)snprintf(ret_text, size, "take %s from another program", file);
		break;
	case HF_CHANNEL_PASS:
		(void)snprintf(ret_text, size, "hand content to another program");
		break;
	case HF_CHANNEL_PRINT:
		(void)snprintf(ret_text, size, "print%s%s", refusal->printer[0] ? " on " : "",
			refusal->printer);
		break;
	case HF_CHANNEL_CLIPBOARD:
		(void)snprintf(ret_text, size, "paste what was copied from a protected document");
		break;
	case HF_CHANNEL_SCREEN:
		(void)snprintf(ret_text, size, "capture the screen%s%s",
			refusal->shown_by[0] ? " while protected content is shown by "
					     : " while protected content is shown",
			refusal->shown_by);
		break;
	case HF_CHANNEL_MOUNT:
		(void)snprintf(ret_text, size, "mount at %s", file);
		break;
	default:
		(void)snprintf(ret_text, size, "do this with %s", file);
	}
}

static void add_line(struct words *body, const char *text)
{
	if (!text[0])
		return;
	if (body->used)
		words_add_raw(body, "\n");
	words_add(body, text);
}

static void add_link(struct words *body, const char *link, const struct notice_abilities *abilities)
{
	if (!link[0])
		return;
	if (!abilities->has_hyperlinks || !abilities->has_markup) {
		add_line(body, link);
		return;
	}
	words_add_raw(body, "\n<a href=\"");
	words_add(body, link);
	words_add_raw(body, "\">");
	words_add(body, link);
	words_add_raw(body, "</a>");
}

/* How, and what else had to be closed first. */
static void add_screen(struct words *body, const struct refusal *refusal)
{
	char line[160];

	if (!refusal->method[0])
		return;
	(void)snprintf(line, sizeof(line), "By %s", refusal->method);
	add_line(body, line);
	if (!refusal->shown_by_more)
		return;
	(void)snprintf(line, sizeof(line), "; %llu more show protected content",
		(unsigned long long)refusal->shown_by_more);
	words_add(body, line);
}

static void add_who(struct words *body, const struct refusal *refusal)
{
	char line[512];

	if (refusal->application[0])
		(void)snprintf(line, sizeof(line), "Program %s, application %s", refusal->program,
			refusal->application);
	else
		(void)snprintf(line, sizeof(line), "Program %s, not a verified application",
			refusal->program);
	add_line(body, line);
	if (refusal->path[0] && refusal->label[0]) {
		add_line(body, "File ");
		words_add(body, refusal->path);
		words_add(body, " (label ");
		words_add(body, refusal->label);
		words_add(body, ")");
	} else if (refusal->path[0]) {
		add_line(body, "File ");
		words_add(body, refusal->path);
	} else if (refusal->label[0]) {
		add_line(body, "Label ");
		words_add(body, refusal->label);
	}
}

static void format_rest(const struct notice_slot *slot, struct notice *notice, struct words *body)
{
	char act[400], line[600];
	unsigned long long count = slot->count;

	act_words(&slot->refusal, act, sizeof(act));
	(void)snprintf(notice->summary, sizeof(notice->summary), "and %llu more refusal%s", count,
		count == 1 ? "" : "s");
	(void)snprintf(line, sizeof(line), "The last: %s may not %s", slot->refusal.program, act);
	add_line(body, slot->refusal.told ? slot->refusal.told : line);
	add_line(body, slot->refusal.text);
	add_line(body, "See: holdfast why, and for all: holdfast events --verdict refused");
}

static void format_kind(const struct notice_slot *slot, struct notice *notice, struct words *body)
{
	const struct refusal *refusal = &slot->refusal;
	char act[400], times[48] = "";

	act_words(refusal, act, sizeof(act));
	if (slot->count > 1)
		(void)snprintf(
			times, sizeof(times), " (%llu times)", (unsigned long long)slot->count);
	(void)snprintf(notice->summary, sizeof(notice->summary), "%s: %s may not %s%s%s",
		refusal->is_warn ? "Stopped" : "Refused", refusal->program, act,
		refusal->is_warn ? " without a reason" : "", times);
	add_line(body, refusal->text);
	add_line(body, refusal->reason);
	add_who(body, refusal);
	add_screen(body, refusal);
	add_line(body, refusal->is_warn ? "If your work needs it: holdfast justify --reason 'why', "
					  "then try again"
					: "See: holdfast why");
}

static void format_told(const struct refusal *refusal, struct notice *notice, struct words *body)
{
	(void)snprintf(notice->summary, sizeof(notice->summary), "%s", refusal->told);
	add_line(body, refusal->text);
	add_line(body, refusal->told_more);
}

void notice_format(const struct notice_slot *slot, bool is_rest,
	const struct notice_abilities *abilities, struct notice *ret_notice)
{
	const struct refusal *refusal = &slot->refusal;
	struct words body;

	*ret_notice = (struct notice){
		.icon = !refusal->is_warn ? "dialog-error"
			: refusal->told	  ? "dialog-information"
					  : "dialog-warning",
		.urgency = refusal->is_warn ? 1 : 2,
		.replaces = slot->id,
		.has_link_action = abilities->has_actions && refusal->link[0],
	};
	words_begin(&body, ret_notice->body, sizeof(ret_notice->body), abilities->has_markup);
	if (is_rest)
		format_rest(slot, ret_notice, &body);
	else if (refusal->told)
		format_told(refusal, ret_notice, &body);
	else
		format_kind(slot, ret_notice, &body);
	add_link(&body, refusal->link, abilities);
}
