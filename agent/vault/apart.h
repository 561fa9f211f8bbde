/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A step that reads content, done in a process of its own. Under the policy whoever has read a labelled file
 * has its labels, and what it writes inherits them: so each file is read by a process that reads no other, and
 * what is copied gets the labels of its own original and none besides. No trust in this program is needed for
 * that. Only a number comes back, by the exit status, which carries no content.
 */
#ifndef HOLDFAST_AGENT_VAULT_APART_H
#define HOLDFAST_AGENT_VAULT_APART_H

#define APART_MAX 100 /* the largest result */

/* What step answers: 0 to APART_MAX or negative errno. -ECHILD when it ended otherwise. */
int apart(int (*step)(const void *what), const void *what);

#endif
