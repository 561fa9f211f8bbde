/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to a key, and in which words. */
#include "agent/engine/label_keys.h"

const char *label_keys_drop_name(unsigned int drop)
{
	static const char *const names[KEYRING_DROP_MAX] = {[KEYRING_DROP_NONE] = "none",
		[KEYRING_DROP_LEASE] = "lease",
		[KEYRING_DROP_ORDER] = "order",
		[KEYRING_DROP_POLICY] = "policy",
		[KEYRING_DROP_LOCK] = "lock",
		[KEYRING_DROP_SUSPEND] = "suspend",
		[KEYRING_DROP_TIME] = "time",
		[KEYRING_DROP_PERSON] = "person"};

	return drop < KEYRING_DROP_MAX ? names[drop] : "none";
}

const struct label_keys_change *label_keys_compare(
	const struct keyring_label *before, const struct keyring_label *now)
{
	static struct label_keys_change change;

	if (before->generation == now->generation)
		return NULL;
	change = (struct label_keys_change){
		.kind = now->generation ? LABEL_KEYS_HERE : LABEL_KEYS_GONE,
		.generation = now->generation ? now->generation : before->generation,
		.drop = (enum keyring_drop)now->drop};
	return &change;
}
