/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the language and what they stand for: channels and actions, and the nearest word to
 * one that is none. Used for parsing, for messages and by whoever prints a record.
 */
#ifndef HOLDFAST_POLICY_WORDS_H
#define HOLDFAST_POLICY_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/decisions.h"
#include "policy/policy.h"

/* "removable" ...; NULL for a number that is no channel. Static. */
const char *policy_channel_name(unsigned int channel);

/* enum hf_channel, or -ENOENT. */
int policy_channel_parse(const char *word);

/* Whether action follow is for it: who receives, or what is written, inherits. */
bool policy_channel_follows(unsigned int channel);

/* "block" ...; NULL for a number that is no action. enum hf_verdict has the same names. Static. */
const char *policy_action_name(unsigned int action);

/* enum policy_action, or -ENOENT. */
int policy_action_parse(const char *word);

/* The channel's or action's name nearest to word, or NULL. Static. */
const char *policy_channel_nearest(const char *word);
const char *policy_action_nearest(const char *word);

/* Smallest number of inserted, dropped, changed or swapped letters; words past 64 bytes: 64. */
size_t policy_word_distance(const char *a, const char *b);

/* The word of words nearest to word and near enough to be meant, or NULL. Borrowed from words. */
const char *policy_word_nearest(const char *word, const char *const *words, size_t count);

#endif
