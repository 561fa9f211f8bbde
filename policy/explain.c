/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/verification.h"
#include "policy/pattern.h"
#include "policy/words.h"
#include "policy/zone.h"

#define LINE_MAX_BYTES 1024
#define WHO_SIZE       80
#define ZONES_SIZE     512

/* An answer under way. */
struct explanation {
	const struct policy_compiled *compiled;
	const struct policy_question *question;
	struct policy_answer answer;
	char who[WHO_SIZE];
	const char *app_name;
	uint32_t app;
	uint64_t device_allow;
	int r;
};

static const char *const verdict_words[HF_VERDICT_MAX] = {
	[HF_VERDICT_ALLOW] = "allowed",
	[HF_VERDICT_AUDIT] = "allowed, and recorded",
	[HF_VERDICT_WARN] = "refused until the user gives a reason, and recorded",
	[HF_VERDICT_BLOCK] = "refused, and recorded",
};

static const char *const act_words[HF_CHANNEL_MAX] = {
	[HF_CHANNEL_OPEN] = "opens it",
	[HF_CHANNEL_REMOVABLE] = "writes to a removable device",
	[HF_CHANNEL_NETSHARE] = "writes to a network share",
	[HF_CHANNEL_NETWORK] = "sends over the network",
	[HF_CHANNEL_LOCAL_FILE] = "writes another local file",
	[HF_CHANNEL_PASS] = "hands content to another program",
	[HF_CHANNEL_RAWDISK] = "uses a disk below its file system",
	[HF_CHANNEL_DEBUG] = "looks into a process that has read it",
	[HF_CHANNEL_DESCRIPTOR] = "is handed the open file by another program",
	[HF_CHANNEL_MOUNT] = "mounts over its directory",
	[HF_CHANNEL_PRINT] = "prints",
	[HF_CHANNEL_CLIPBOARD] = "pastes what was copied from it",
	[HF_CHANNEL_SCREEN] = "captures the screen while it is shown there",
};

static void say(struct explanation *explanation, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct explanation *explanation, const char *format, ...)
{
	struct policy_answer *answer = &explanation->answer;
	char line[LINE_MAX_BYTES];
	va_list arguments;

	if (answer->count >= POLICY_EXPLAIN_LINE_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments); /* cut when too long */
	va_end(arguments);
	answer->lines[answer->count] = strdup(line);
	if (answer->lines[answer->count])
		answer->count++;
	else
		explanation->r = -ENOMEM;
}

/* The path of the label that is the reason for path to carry it. */
static void say_labels(struct explanation *explanation)
{
	const struct policy_compiled *compiled = explanation->compiled;
	const char *path = explanation->question->path;

	for (size_t i = 0; i < compiled->mark_count; i++) {
		const struct policy_mark *mark = &compiled->marks[i];

		if (policy_pattern_covers(mark->pattern, path))
			say(explanation, "%s carries label %s: path = %s (%s:%u)", path,
				compiled->label[mark->bit].name, mark->pattern, mark->place.file,
				mark->place.line);
	}
	for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++)
		if (explanation->question->labels & UINT64_C(1) << bit && compiled->label[bit].name)
			say(explanation, "%s carries label %s by itself", path,
				compiled->label[bit].name);
}

static bool is_opening(unsigned int channel)
{
	return channel == HF_CHANNEL_OPEN || channel == HF_CHANNEL_DESCRIPTOR;
}

/* What makes one label pass that the rule would stop. */
struct exemption {
	enum policy_exception kind;
	const char *what; /* NULL = nothing does */
};

static struct exemption exemption_of(
	const struct explanation *explanation, const struct policy_act *act, uint64_t bit)
{
	const struct policy_compiled *compiled = explanation->compiled;

	if (compiled->bank.apps[act->app].except[act->channel] & bit)
		return (struct exemption){POLICY_EXCEPT_APP, "the application"};
	if (policy_dest_allow(compiled, act) & bit)
		return (struct exemption){POLICY_EXCEPT_NETWORK, "the destination"};
	if (act->allow & bit)
		return (struct exemption){POLICY_EXCEPT_DEVICE, "the device"};
	if (policy_granted(compiled, act->uid, act->channel) & bit)
		return (struct exemption){POLICY_EXCEPT_USER, "the user"};
	return (struct exemption){0};
}

/* Any application may, or this one is listed. */
static void say_opener(struct explanation *explanation, const struct policy_label_entry *label)
{
	if (label->open_place.line)
		say(explanation, "  label %s: open-with names %s (%s:%u)", label->name,
			explanation->app_name, label->open_place.file, label->open_place.line);
	else
		say(explanation, "  label %s: no open-with, any application may open it (%s:%u)",
			label->name, label->place.file, label->place.line);
}

static void say_refused_opener(
	struct explanation *explanation, const struct policy_label_entry *label)
{
	say(explanation, "  label %s: open-with does not name %s (%s:%u)", label->name,
		explanation->app_name, label->open_place.file, label->open_place.line);
}

static void say_origin(struct explanation *explanation, const struct policy_label_entry *label,
	const struct policy_origin *origin, unsigned int channel)
{
	if (origin->rule)
		say(explanation, "  label %s: rule %s says %s (%s:%u)", label->name, origin->rule,
			policy_action_name(origin->action), origin->place.file, origin->place.line);
	else if (label->is_view_only && channel != HF_CHANNEL_OPEN)
		say(explanation, "  label %s: view-only, may be read and nothing else (%s:%u)",
			label->name, label->place.file, label->place.line);
	else
		say(explanation, "  label %s: no rule for channel %s, so %s is built in (%s:%u)",
			label->name, policy_channel_name(channel),
			policy_action_name(origin->action), label->place.file, label->place.line);
}

/* raw-disk = yes exempts for all labels, those of no policy too: compile_masks.c. */
static bool is_disk_program(const struct explanation *explanation, const struct policy_act *act)
{
	return act->channel == HF_CHANNEL_RAWDISK &&
	       explanation->compiled->bank.apps[act->app].except[act->channel] == UINT64_MAX;
}

static void say_exemption(struct explanation *explanation, const struct policy_label_entry *label,
	const struct policy_act *act, const struct exemption *exemption)
{
	const struct policy_origin *origin = &label->origins[act->channel];
	const struct policy_place *place = &origin->except_places[exemption->kind];
	const struct policy_app_entry *app = &explanation->compiled->app[act->app];

	if (is_disk_program(explanation, act))
		say(explanation, "  label %s: %s may read raw disks (%s:%u)", label->name,
			explanation->app_name, app->place.file, app->place.line);
	else
		say(explanation, "  label %s: rule %s says %s but excepts %s (%s:%u)", label->name,
			origin->rule, policy_action_name(origin->action), exemption->what,
			place->file, place->line);
}

/* Where what it writes is treated otherwise. */
static void say_exempts(struct explanation *explanation, const struct policy_act *act,
	const struct policy_label_entry *label, uint64_t bit)
{
	const struct policy_compiled *compiled = explanation->compiled;

	for (size_t i = 0; i < compiled->exempt_count; i++) {
		const struct policy_exempt *exempt = &compiled->exempts[i];
		const struct policy_declassify_entry *rule;

		if (exempt->app != act->app || exempt->kind == HF_EXEMPT_CACHE)
			continue;
		if (exempt->kind == HF_EXEMPT_STATE && exempt->labels == HF_EXEMPT_DOCUMENTS) {
			say(explanation,
				"  label %s: but not below %s, which holds documents (%s:%u)",
				label->name, exempt->pattern, exempt->place.file,
				exempt->place.line);
			continue;
		}
		if (!(exempt->labels & bit))
			continue;
		if (exempt->kind == HF_EXEMPT_STATE) {
			say(explanation,
				"  label %s: below %s it stays, but %s reads its own settings "
				"there without becoming a reader of it (%s:%u)",
				label->name, exempt->pattern, explanation->app_name,
				exempt->place.file, exempt->place.line);
			continue;
		}
		rule = &compiled->declassifys[exempt->rule];
		say(explanation,
			"  label %s: below %s declassify %s takes it away, and records it "
			"(%s:%u)%s%s",
			label->name, exempt->pattern, rule->name, rule->place.file,
			rule->place.line, rule->text ? ": " : "", rule->text ? rule->text : "");
	}
}

static void say_lease(struct explanation *explanation, const struct policy_act *act,
	const struct policy_label_entry *label, uint64_t bit)
{
	const struct policy_compiled *compiled = explanation->compiled;

	if (act->channel == HF_CHANNEL_OPEN && compiled->leased & bit)
		say(explanation,
			"  label %s: only while the console says that this device is trusted "
			"(%s:%u)",
			label->name, compiled->trust_place.file, compiled->trust_place.line);
	if (act->channel == HF_CHANNEL_OPEN && compiled->leased & bit &&
		compiled->require_place.line) {
		char text[POSTURE_TEXT_MAX];

		posture_format(&compiled->require, text);
		say(explanation, "  label %s: and that is required of the device: %s (%s:%u)",
			label->name, text, compiled->require_place.file,
			compiled->require_place.line);
	}
}

static void say_zones(struct explanation *explanation, const struct policy_act *act,
	const struct policy_label_entry *label)
{
	char zones[ZONES_SIZE];

	if (act->channel != HF_CHANNEL_OPEN || !label->zones)
		return;
	policy_zone_names(explanation->compiled, label->zones, zones, sizeof(zones));
	say(explanation, "  label %s: readable only in %s (%s:%u)", label->name, zones,
		label->zone_place.file, label->zone_place.line);
}

static void say_verify(struct explanation *explanation, const struct policy_act *act,
	const struct policy_label_entry *label, uint64_t bit)
{
	const struct policy_verification *verification = &explanation->compiled->verification;

	if (act->channel != HF_CHANNEL_OPEN || !(verification->labels & bit))
		return;
	for (unsigned int i = 0; i < POLICY_VERIFY_SLOTS; i++) {
		const struct policy_verify_slot *slot = &verification->slots[i];
		char words[VERIFY_METHODS_SIZE];

		if (!(slot->labels & bit))
			continue;
		verify_methods_format(slot->methods, words);
		say(explanation,
			"  label %s: only to a user who has verified by one of %s, for %u s "
			"at most (%s:%u)",
			label->name, words, slot->grace_s, label->verify_place.file,
			label->verify_place.line);
	}
}

static void say_conditions(struct explanation *explanation, const struct policy_act *act,
	const struct policy_label_entry *label, uint64_t bit)
{
	say_lease(explanation, act, label, bit);
	say_verify(explanation, act, label, bit);
	say_zones(explanation, act, label);
}

/* Named for that in [screen]. */
static bool may_capture(const struct explanation *explanation, const struct policy_act *act)
{
	return act->channel == HF_CHANNEL_SCREEN &&
	       explanation->compiled->bank.apps[act->app].flags & HF_APP_CAPTURES;
}

static void say_capture(struct explanation *explanation, const struct policy_act *act)
{
	const struct policy_compiled *compiled = explanation->compiled;
	const struct policy_place *place = &compiled->capture_place;
	unsigned int from = compiled->capture_from_min, until = compiled->capture_until_min;

	if (act->channel != HF_CHANNEL_SCREEN)
		return;
	if (may_capture(explanation, act) && until)
		say(explanation,
			"  capture-apps names %s: it may from %02u:%02u to %02u:%02u, whatever is "
			"shown (%s:%u)",
			explanation->app_name, from / 60, from % 60, until / 60, until % 60,
			place->file, place->line);
	else if (may_capture(explanation, act))
		say(explanation, "  capture-apps names %s: it may, whatever is shown (%s:%u)",
			explanation->app_name, place->file, place->line);
	else if (compiled->bank.screen & HF_SCREEN_ALWAYS)
		say(explanation,
			"  when = always: refused, whether labels are shown or not (%s:%u)",
			compiled->screen_place.file, compiled->screen_place.line);
}

static void say_label(struct explanation *explanation, const struct policy_act *act,
	unsigned int bit_number, const struct policy_decision *decision)
{
	const struct policy_compiled *compiled = explanation->compiled;
	const struct policy_label_entry *label = &compiled->label[bit_number];
	const struct policy_origin *origin = &label->origins[act->channel];
	uint64_t bit = UINT64_C(1) << bit_number;
	struct exemption exemption;

	if (is_opening(act->channel) && compiled->bank.apps[act->app].open & bit) {
		say_opener(explanation, label);
		say_conditions(explanation, act, label, bit);
		return;
	}
	exemption = exemption_of(explanation, act, bit);
	if (exemption.what) {
		say_exemption(explanation, label, act, &exemption);
	} else {
		if (is_opening(act->channel))
			say_refused_opener(explanation, label);
		say_origin(explanation, label, origin, act->channel);
	}
	say_conditions(explanation, act, label, bit);
	if (decision->rehearsed & bit)
		say(explanation,
			"  label %s: mode = rehearse, so it is recorded and not refused (%s:%u)",
			label->name, label->place.file, label->place.line);
	if (decision->follow & bit)
		say(explanation, "  label %s: the %s inherits it", label->name,
			act->channel == HF_CHANNEL_LOCAL_FILE ? "written file" : "receiver");
	if (act->channel == HF_CHANNEL_LOCAL_FILE)
		say_exempts(explanation, act, label, bit);
}

/* What the employee would read. */
static void say_text(struct explanation *explanation, const struct policy_act *act,
	const struct policy_decision *decision)
{
	const struct policy_origin *origin;

	if (decision->verdict < HF_VERDICT_WARN)
		return;
	origin = policy_rule_for(explanation->compiled, act->channel, decision->decided, NULL);
	if (origin && origin->text)
		say(explanation, "  the user reads: %s%s%s", origin->text, origin->link ? " " : "",
			origin->link ? origin->link : "");
}

static enum hf_verdict say_act(struct explanation *explanation, const struct policy_act *act)
{
	const struct policy_question *question = explanation->question;
	bool is_network = act->channel == HF_CHANNEL_NETWORK || act->channel == HF_CHANNEL_PRINT;
	const char *to = is_network ? question->destination : question->device;
	bool is_there = to && (is_network || act->channel == HF_CHANNEL_REMOVABLE ||
				      act->channel == HF_CHANNEL_RAWDISK);
	struct policy_decision decision;

	policy_evaluate(explanation->compiled, act, &decision);
	say(explanation, "%s%s, in %s, %s%s%s (channel %s): %s",
		act->channel == HF_CHANNEL_OPEN ? "" : "then ", explanation->who,
		explanation->app_name, act_words[act->channel], is_there ? ", to " : "",
		is_there ? to : "", policy_channel_name(act->channel),
		verdict_words[decision.verdict]);
	say_capture(explanation, act);
	for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++)
		if (act->labels & UINT64_C(1) << bit)
			say_label(explanation, act, bit, &decision);
	say_text(explanation, act, &decision);
	return decision.verdict;
}

/* A way out that only who has opened the file can take. */
static bool is_reader_channel(int channel)
{
	return channel == HF_CHANNEL_REMOVABLE || channel == HF_CHANNEL_NETSHARE ||
	       channel == HF_CHANNEL_NETWORK || channel == HF_CHANNEL_LOCAL_FILE ||
	       channel == HF_CHANNEL_PASS || channel == HF_CHANNEL_PRINT;
}

/* A printer elsewhere: both channels have to let it. */
static bool is_other_channel_asked(const struct policy_act *act)
{
	if (!act->has_destination)
		return false;
	return act->channel == HF_CHANNEL_PRINT ||
	       (act->channel == HF_CHANNEL_NETWORK && policy_port_is_print(act->port));
}

static void say_other_channel(struct explanation *explanation, struct policy_act *act)
{
	enum hf_verdict verdict;

	act->channel = act->channel == HF_CHANNEL_PRINT ? HF_CHANNEL_NETWORK : HF_CHANNEL_PRINT;
	verdict = say_act(explanation, act);
	if (verdict > explanation->answer.then)
		explanation->answer.then = verdict;
}

/* What holds for every program, whatever it has read. */
static void say_services(struct explanation *explanation)
{
	const struct policy_compiled *compiled = explanation->compiled;
	const struct policy_question *question = explanation->question;
	uint64_t services;

	if (!question->has_destination)
		return;
	services = policy_services_at(compiled, NULL, 0, question->address, question->port);
	for (size_t i = 0; i < compiled->service_count; i++) {
		const struct policy_service *service = &compiled->services[i];
		char zones[ZONES_SIZE];
		uint64_t wanted = 0;

		if (!(services >> i & 1))
			continue;
		for (size_t j = 0; j < service->zones.count; j++)
			wanted |= UINT64_C(1) << service->zones.items[j].index;
		policy_zone_names(compiled, wanted, zones, sizeof(zones));
		say(explanation,
			"%s is service %s: reachable only from %s, by whatever program%s (%s:%u)",
			question->destination, service->name, zones,
			service->is_rehearsed ? "; mode = rehearse, so it is only recorded" : "",
			service->place.file, service->place.line);
	}
}

static void explain(struct explanation *explanation)
{
	const struct policy_question *question = explanation->question;
	struct policy_act act = {
		.labels = policy_labels_of_path(explanation->compiled, question->path) |
			  (question->labels & explanation->compiled->labels),
		.app = explanation->app,
		.uid = question->uid,
		.channel = HF_CHANNEL_OPEN,
	};

	if (!act.labels) {
		explanation->answer.is_unlabelled = true;
		say(explanation,
			"%s is below no label's path: the policy has nothing to say, unless the "
			"file"
			" carries a label of its own",
			question->path);
		return;
	}
	say_labels(explanation);
	explanation->answer.open = say_act(explanation, &act);
	if (question->channel <= HF_CHANNEL_OPEN)
		return;
	if (explanation->answer.open == HF_VERDICT_BLOCK && is_reader_channel(question->channel)) {
		say(explanation, "then %s: does not come to it, the file did not open",
			policy_channel_name((unsigned int)question->channel));
		return;
	}
	act.channel = (unsigned int)question->channel;
	act.has_destination = question->has_destination;
	memcpy(act.address, question->address, sizeof(act.address));
	act.port = question->port;
	act.allow = explanation->device_allow;
	explanation->answer.then = say_act(explanation, &act);
	if (is_other_channel_asked(&act))
		say_other_channel(explanation, &act);
}

static int find_app(struct explanation *explanation)
{
	const struct policy_compiled *compiled = explanation->compiled;
	const char *app = explanation->question->app;

	explanation->app_name = "an unknown program";
	if (!app)
		return 0;
	if (*app == '/') {
		explanation->app = policy_app_of_path(compiled, app);
		explanation->app_name = app; /* a path without a profile is an unknown program */
	} else {
		explanation->app = policy_app_of_name(compiled, app);
		if (explanation->app == HF_APP_UNKNOWN)
			return -ENOENT;
	}
	if (explanation->app != HF_APP_UNKNOWN)
		explanation->app_name = compiled->app[explanation->app].name;
	return 0;
}

static int find_device(struct explanation *explanation)
{
	const struct policy_compiled *compiled = explanation->compiled;
	const struct policy_question *question = explanation->question;

	if (!question->device)
		return 0;
	for (size_t i = 0; i < compiled->matcher_count; i++) {
		const struct policy_matcher *matcher = &compiled->matchers[i];

		if (strcmp(matcher->name, question->device))
			continue;
		if (question->channel >= 0)
			explanation->device_allow = policy_device_allow(compiled,
				(unsigned int)question->channel, matcher->vendor, matcher->product,
				matcher->serial);
		return 0;
	}
	return -ENOENT;
}

int policy_explain(const struct policy_compiled *compiled, const struct policy_question *question,
	struct policy_answer *ret_answer)
{
	struct explanation explanation = {.compiled = compiled, .question = question};
	int r;

	if (!question->path || *question->path != '/')
		return -EINVAL;
	if (question->channel >= 0 && !policy_channel_name((unsigned int)question->channel))
		return -EINVAL;
	r = find_app(&explanation);
	if (r < 0)
		return r;
	r = find_device(&explanation);
	if (r < 0)
		return r;
	if (question->user)
		(void)snprintf(explanation.who, sizeof(explanation.who), "%s", question->user);
	else
		(void)snprintf(explanation.who, sizeof(explanation.who), "user %u", question->uid);
	explain(&explanation);
	say_services(&explanation);
	if (explanation.r < 0) {
		policy_answer_done(&explanation.answer);
		return explanation.r;
	}
	*ret_answer = explanation.answer;
	return 0;
}

void policy_answer_done(struct policy_answer *answer)
{
	if (!answer)
		return;
	for (size_t i = 0; i < answer->count; i++)
		free(answer->lines[i]);
	*answer = (struct policy_answer){0};
}
