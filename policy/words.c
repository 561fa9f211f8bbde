/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/words.h"

#include <errno.h>
#include <string.h>

#define WORD_MAX 64

static const char *const channel_names[HF_CHANNEL_MAX] = {
	[HF_CHANNEL_OPEN] = "open",
	[HF_CHANNEL_REMOVABLE] = "removable",
	[HF_CHANNEL_NETSHARE] = "netshare",
	[HF_CHANNEL_NETWORK] = "network",
	[HF_CHANNEL_LOCAL_FILE] = "local-file",
	[HF_CHANNEL_RAWDISK] = "raw-disk",
	[HF_CHANNEL_DEBUG] = "debug",
	[HF_CHANNEL_DESCRIPTOR] = "descriptor",
	[HF_CHANNEL_MOUNT] = "mount",
	[HF_CHANNEL_PASS] = "ipc",
	[HF_CHANNEL_PRINT] = "print",
	[HF_CHANNEL_CLIPBOARD] = "clipboard",
	[HF_CHANNEL_SCREEN] = "screen",
};

static const char *const action_names[POLICY_ACTION_MAX] = {
	[POLICY_ACTION_ALLOW] = "allow",
	[POLICY_ACTION_AUDIT] = "audit",
	[POLICY_ACTION_WARN] = "warn",
	[POLICY_ACTION_BLOCK] = "block",
	[POLICY_ACTION_FOLLOW] = "follow",
};

static int find(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (words[i] && !strcmp(words[i], word))
			return (int)i;
	return -ENOENT;
}

const char *policy_channel_name(unsigned int channel)
{
	return channel < HF_CHANNEL_MAX ? channel_names[channel] : NULL;
}

int policy_channel_parse(const char *word)
{
	return find(word, channel_names, HF_CHANNEL_MAX);
}

bool policy_channel_follows(unsigned int channel)
{
	return channel == HF_CHANNEL_LOCAL_FILE || channel == HF_CHANNEL_PASS ||
	       channel == HF_CHANNEL_CLIPBOARD || channel == HF_CHANNEL_SCREEN;
}

/* What people write who know another product. */
static const struct {
	const char *said;
	const char *meant;
} others[] = {
	{"usb", "removable"},
	{"disk", "raw-disk"},
	{"nfs", "netshare"},
	{"smb", "netshare"},
	{"share", "netshare"},
	{"internet", "network"},
	{"file", "local-file"},
	{"ptrace", "debug"},
	{"fd", "descriptor"},
	{"printer", "print"},
	{"cups", "print"},
	{"paste", "clipboard"},
	{"selection", "clipboard"},
	{"screenshot", "screen"},
	{"capture", "screen"},
	{"display", "screen"},
	{"pipe", "ipc"},
	{"socket", "ipc"},
	{"process", "ipc"},
	{"read", "open"},
	{"deny", "block"},
	{"forbid", "block"},
	{"refuse", "block"},
	{"permit", "allow"},
	{"accept", "allow"},
	{"log", "audit"},
	{"record", "audit"},
	{"ask", "warn"},
	{"inherit", "follow"},
};

/* The meant word when it is one of words. */
static const char *translate(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strcmp(others[i].said, word) && find(others[i].meant, words, count) >= 0)
			return others[i].meant;
	return NULL;
}

const char *policy_channel_nearest(const char *word)
{
	return policy_word_nearest(word, channel_names, HF_CHANNEL_MAX);
}

const char *policy_action_name(unsigned int action)
{
	return action < POLICY_ACTION_MAX ? action_names[action] : NULL;
}

int policy_action_parse(const char *word)
{
	return find(word, action_names, POLICY_ACTION_MAX);
}

const char *policy_action_nearest(const char *word)
{
	return policy_word_nearest(word, action_names, POLICY_ACTION_MAX);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: Levenshtein with neighbouring letters swapped counted once. */
size_t policy_word_distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1], a_size = strlen(a), b_size = strlen(b);
	size_t *older = rows[0], *old = rows[1], *now = rows[2];

	if (a_size > WORD_MAX || b_size > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b_size; j++)
		old[j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t *spare = older;

		now[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t change = old[j - 1] + (a[i - 1] != b[j - 1]);

			now[j] = least(change, least(old[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], older[j - 2] + 1);
		}
		older = old;
		old = now;
		now = spare;
	}
	return old[b_size];
}

const char *policy_word_nearest(const char *word, const char *const *words, size_t count)
{
	size_t size = strlen(word), limit = size < 3 ? 1 : size / 3 + 1, best = limit + 1;
	const char *nearest = translate(word, words, count);

	if (nearest)
		return nearest;

	for (size_t i = 0; i < count; i++) {
		size_t distance, known_size;

		if (!words[i])
			continue;
		distance = policy_word_distance(word, words[i]);
		known_size = strlen(words[i]);
		/* A word cut short or carried on is meant, however far: "net" is "network". */
		if (size >= 3 && known_size >= 3 &&
			!strncmp(word, words[i], least(size, known_size)))
			distance = least(distance, limit);
		if (distance < best && distance < known_size) {
			best = distance;
			nearest = words[i];
		}
	}
	return nearest;
}
