/* SPDX-License-Identifier: Apache-2.0 */
/* Values of [verify] and of the labels' verify keys. */
#include <errno.h>
#include <string.h>

#include "common/verification.h"
#include "policy/values.h"
#include "policy/words.h"

#define WORD_MAX 255 /* bytes */

typedef const char *name_function(unsigned int number);

static const char *nearest(const char *word, name_function *name, unsigned int count)
{
	const char *words[VERIFY_METHOD_MAX + VERIFY_CAUSE_CHOICE_MAX];

	for (unsigned int i = 0; i < count; i++)
		words[i] = name(i);
	return policy_word_nearest(word, words, count);
}

static void method_add(struct build *build, void *field, char *word)
{
	struct policy_label *label = field;
	int method = verify_method_parse(word);

	if (method < 0)
		build_problem(build, nearest(word, verify_method_name, VERIFY_METHOD_MAX),
			"verify '%.40s': expected password, totp, security-key or page", word);
	else if (label->verify & 1U << method)
		build_problem(build, NULL, "verify '%s' twice", word);
	else
		label->verify |= (uint8_t)(1U << method);
}

void value_verify(struct build *build, void *field, const char *value)
{
	struct policy_label *label = field;

	if (!label->verify_place.line)
		label->verify_place = build->place;
	value_each_word(build, label, value, method_add);
}

void value_verify_grace(struct build *build, void *field, const char *value)
{
	struct policy_label *label = field;

	label->grace_place = build->place;
	value_duration(build, &label->verify_grace_s, value);
}

static void end_add(struct build *build, void *field, char *word)
{
	struct policy_verify *verify = field;
	int cause = verify_cause_parse(word);

	if (verify->is_endless || (verify->ends && !strcmp(word, "none")))
		build_problem(build, NULL,
			"ends 'none' beside others: expected 'none' alone, or what ends a "
			"verification");
	else if (!strcmp(word, "none"))
		verify->is_endless = true;
	else if (cause < 0)
		build_problem(build, nearest(word, verify_cause_name, VERIFY_CAUSE_CHOICE_MAX),
			"ends '%.40s': expected lock, suspend, idle, switch or none", word);
	else if (verify->ends & 1U << cause)
		build_problem(build, NULL, "ends '%s' twice", word);
	else
		verify->ends |= (uint8_t)(1U << cause);
}

void value_verify_ends(struct build *build, void *field, const char *value)
{
	struct policy_verify *verify = field;

	verify->has_ends = true;
	value_each_word(build, verify, value, end_add);
}

static void keep(struct build *build, char **where, const char *value)
{
	free(*where);
	*where = strdup(value);
	if (!*where)
		build->r = -ENOMEM;
}

void value_verify_word(struct build *build, void *field, const char *value)
{
	if (strlen(value) > WORD_MAX || strpbrk(value, " \t\"<>")) {
		build_problem(build, NULL, "%s '%.60s': expected one word of at most %d bytes",
			build->key->name, value, WORD_MAX);
		return;
	}
	keep(build, field, value);
}

void value_verify_file(struct build *build, void *field, const char *value)
{
	if (*value != '/' || strlen(value) > WORD_MAX || strstr(value, "/../")) {
		build_problem(build, NULL,
			"%s '%.120s': expected an absolute path of at most %d bytes",
			build->key->name, value, WORD_MAX);
		return;
	}
	keep(build, field, value);
}
