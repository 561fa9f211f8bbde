/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the book line by line; owns what a line means, and the rule over all of it. */
#include "common/login_book.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEAD "holdfast-login 1"

/* Words that lie in the book, not ended by a NUL. */
struct word {
	const char *at;
	size_t size;
};

struct reading {
	const struct login_who *who;
	struct login_found found;
	size_t accounts; /* lines so far */
	bool is_whole;
};

static bool word_is(struct word word, const char *text)
{
	return word.size == strlen(text) && !memcmp(word.at, text, word.size);
}

/* Cuts the first word off; what is behind its blank stays in *line. */
static struct word word_next(struct word *line)
{
	const char *blank = memchr(line->at, ' ', line->size);
	struct word word = {line->at, blank ? (size_t)(blank - line->at) : line->size};

	line->at += word.size + (blank ? 1 : 0);
	line->size -= word.size + (blank ? 1 : 0);
	return word;
}

static void copy(char *ret_text, size_t size, struct word word)
{
	size_t length = word.size < size ? word.size : size - 1;

	memcpy(ret_text, word.at, length);
	ret_text[length] = '\0';
}

static bool is_number_of(struct word word, const struct login_who *who)
{
	uint64_t number = 0;

	if (!word.size || word.size > 10)
		return false;
	for (size_t i = 0; i < word.size; i++) {
		if (!isdigit((unsigned char)word.at[i]))
			return false;
		number = number * 10 + (uint64_t)(word.at[i] - '0');
	}
	for (size_t i = 0; i < who->group_count; i++)
		if (who->groups[i] == number)
			return true;
	return false;
}

/* "*@acme.example" and "*.acme": by what the name ends with; domains know no case. */
static bool ends_with(const char *account, struct word pattern)
{
	size_t size = strlen(account);

	return size > pattern.size &&
	       !strncasecmp(account + size - pattern.size, pattern.at, pattern.size);
}

/* "ACME\*": by what it begins with. */
static bool begins_with(const char *account, struct word pattern)
{
	return strlen(account) > pattern.size && !strncasecmp(account, pattern.at, pattern.size);
}

static bool is_account_of(struct reading *reading, struct word pattern, struct word rest)
{
	const char *account = reading->who->account;

	if (!pattern.size)
		return false;
	if (*pattern.at == '@') {
		reading->found.has_unknown_group |= word_is(rest, "-");
		return is_number_of(rest, reading->who);
	}
	if (*pattern.at == '*')
		return ends_with(account, (struct word){pattern.at + 1, pattern.size - 1});
	if (pattern.at[pattern.size - 1] == '*')
		return begins_with(account, (struct word){pattern.at, pattern.size - 1});
	return word_is(pattern, account);
}

static void take_account(struct reading *reading, struct word line)
{
	struct login_found *found = &reading->found;
	struct word tenant = word_next(&line), pattern = word_next(&line);
	size_t index = reading->accounts++;

	if (!is_account_of(reading, pattern, line) || found->kind == LOGIN_ORGANISATION)
		return;
	if (found->kind == LOGIN_ROOT || found->kind == LOGIN_BREAK_GLASS)
		return;
	found->kind = LOGIN_ORGANISATION;
	found->account = index;
	copy(found->tenant, sizeof(found->tenant), tenant);
}

static void take_line(struct reading *reading, struct word line)
{
	struct login_found *found = &reading->found;
	struct word key = word_next(&line);

	if (word_is(key, "contact"))
		copy(found->contact, sizeof(found->contact), line);
	else if (word_is(key, "device-of"))
		copy(found->owner, sizeof(found->owner), line);
	else if (word_is(key, "break-glass") && word_is(line, reading->who->account) &&
		 found->kind != LOGIN_ROOT)
		found->kind = LOGIN_BREAK_GLASS;
	else if (word_is(key, "except-service") && word_is(line, reading->who->service))
		found->is_excepted = true;
	else if (word_is(key, "account"))
		take_account(reading, line);
	else if (word_is(key, "end"))
		reading->is_whole = true;
}

static bool line_next(struct word *book, struct word *ret_line)
{
	const char *end;

	if (!book->size)
		return false;
	end = memchr(book->at, '\n', book->size);
	*ret_line = (struct word){book->at, end ? (size_t)(end - book->at) : book->size};
	book->at += ret_line->size + (end ? 1 : 0);
	book->size -= ret_line->size + (end ? 1 : 0);
	return true;
}

/* What tenants are called stands in lines of its own. */
static void take_titles(struct word book, struct login_found *found)
{
	struct word line;

	copy(found->title, sizeof(found->title),
		(struct word){found->tenant, strlen(found->tenant)});
	copy(found->owner_title, sizeof(found->owner_title),
		(struct word){found->owner, strlen(found->owner)});
	while (line_next(&book, &line)) {
		struct word name;

		if (!word_is(word_next(&line), "tenant"))
			continue;
		name = word_next(&line);
		if (line.size && word_is(name, found->tenant))
			copy(found->title, sizeof(found->title), line);
		if (line.size && word_is(name, found->owner))
			copy(found->owner_title, sizeof(found->owner_title), line);
	}
}

static enum login_kind kind_by_number(uint32_t uid)
{
	if (uid == 0)
		return LOGIN_ROOT;
	return uid < LOGIN_UID_PEOPLE || uid == LOGIN_UID_NOBODY ? LOGIN_SYSTEM : LOGIN_OTHER;
}

int login_book_find(
	const char *book, size_t size, const struct login_who *who, struct login_found *ret_found)
{
	struct reading reading = {.who = who};
	struct word rest = {book, size}, line;

	if (size > LOGIN_BOOK_MAX || !line_next(&rest, &line) || !word_is(line, HEAD))
		return -EBADMSG;
	reading.found.kind = kind_by_number(who->uid);
	while (!reading.is_whole && line_next(&rest, &line))
		take_line(&reading, line);
	if (!reading.is_whole || rest.size)
		return -EBADMSG;
	take_titles((struct word){book, size}, &reading.found);
	*ret_found = reading.found;
	return 0;
}

enum login_verdict login_judge(const struct login_found *found, bool is_trusted)
{
	if (found->is_excepted)
		return LOGIN_LET_IN;
	switch (found->kind) {
	case LOGIN_ORGANISATION:
		if (found->owner[0] && strcmp(found->owner, found->tenant) != 0)
			return LOGIN_REFUSED_TENANT;
		return is_trusted ? LOGIN_LET_IN : LOGIN_REFUSED_TRUST;
	case LOGIN_OTHER:
		return found->owner[0] ? LOGIN_REFUSED_OTHER : LOGIN_LET_IN;
	case LOGIN_ROOT:
	case LOGIN_BREAK_GLASS:
	case LOGIN_SYSTEM:
		break;
	}
	return LOGIN_LET_IN;
}

void login_say(const struct login_found *found, enum login_verdict verdict, const char *account,
	const char *state, char *ret_text, size_t size)
{
	const char *ask = found->contact[0] ? found->contact : "your administrator";

	*ret_text = '\0';
	switch (verdict) {
	case LOGIN_LET_IN:
		if (found->kind == LOGIN_BREAK_GLASS)
			(void)snprintf(ret_text, size,
				"%s is for emergencies: this login is on record.", account);
		break;
	case LOGIN_REFUSED_TRUST:
		(void)snprintf(ret_text, size,
			"%s is an account of %s, which logs in on trusted devices only: %s. Ask "
			"%s.",
			account, found->title, state, ask);
		break;
	case LOGIN_REFUSED_TENANT:
		(void)snprintf(ret_text, size,
			"%s is an account of %s, but this device belongs to %s and logs in "
			"accounts of %s only. Ask %s.",
			account, found->title, found->owner_title, found->owner_title, ask);
		break;
	case LOGIN_REFUSED_OTHER:
		(void)snprintf(ret_text, size,
			"This device belongs to %s and logs in accounts of %s only; %s is none of "
			"them. Ask %s.",
			found->owner_title, found->owner_title, account, ask);
		break;
	}
}
