/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists of the agent's programs with their SHA-256, in PREFIX/share/holdfast: one for each package,
 * as not every machine has all of them. packaging/rules.mk makes them; survey holds the programs
 * against them, the sensor guards them.
 */
#ifndef HOLDFAST_COMMON_MANIFESTS_H
#define HOLDFAST_COMMON_MANIFESTS_H

#define MANIFEST_COUNT 3

static const char *const manifest_names[MANIFEST_COUNT] = {
	"manifest.sha256", "manifest-desktop.sha256", "manifest-pam.sha256"};

#endif
