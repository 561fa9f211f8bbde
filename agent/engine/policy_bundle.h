/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy that the console sent: uplink, which reaches the network, leaves it in a file; here it
 * is proven by the key that root keeps in console-ca.pem, and that it is no older one, before a
 * byte of it is parsed.
 */
#ifndef HOLDFAST_AGENT_ENGINE_POLICY_BUNDLE_H
#define HOLDFAST_AGENT_ENGINE_POLICY_BUNDLE_H

#include "agent/engine/engine.h"
#include "policy/bundle.h"
#include "policy/host/policy_files.h"

/*
 * 1: *files hold a good one; 0: there is none, the policy file counts; negative errno: there is one that
 * is not taken, which was told.
 */
int policy_bundle_read(
	struct engine *engine, struct policy_files *files, struct engine_managed *ret_managed);
/* It compiles: from now on no lower version is taken. 0 or negative errno. */
int policy_bundle_keep(struct engine *engine, const struct engine_managed *managed);
/* Whether another file lies there than when it was last read. */
bool policy_bundle_has_changed(struct engine *engine);

#endif
