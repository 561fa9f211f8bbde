/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the policy library gets at text: the caller does all I/O. A caller that verifies signed
 * bundles answers from the verified bytes; the command line answers from the file system.
 */
#ifndef HOLDFAST_POLICY_SOURCE_H
#define HOLDFAST_POLICY_SOURCE_H

#include <stddef.h>

#define POLICY_FILE_MAX	     256       /* files of one policy, includes counted */
#define POLICY_FILE_SIZE_MAX (1 << 20) /* bytes of one file */
#define POLICY_INCLUDE_DEPTH 4	       /* includes below the first file */

struct policy_source {
	/*
	 * Reads a whole file. The library frees *ret_text with free(). May contain any byte.
	 * 0, or negative errno; -EFBIG when larger than POLICY_FILE_SIZE_MAX.
	 */
	int (*read)(const char *path, char **ret_text, size_t *ret_size, void *userdata);
	/*
	 * Expands an include pattern (glob(7)) to paths in byte order. The library frees each and the
	 * array. No match is 0 with *ret_count 0. NULL function = patterns are taken as plain paths.
	 */
	int (*expand)(const char *pattern, char ***ret_paths, size_t *ret_count, void *userdata);
	void *userdata;
};

#endif
