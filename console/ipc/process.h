/* SPDX-License-Identifier: Apache-2.0 */
/* What the console's processes have in common when they start and while they live. */
#ifndef HOLDFAST_CONSOLE_IPC_PROCESS_H
#define HOLDFAST_CONSOLE_IPC_PROCESS_H

#define PROCESS_LIFE_MS 2000

/*
 * Becomes that user (NULL: stays), gives up everything else and loads the filter of common/filter.h;
 * what fails is fatal().
 */
void process_restrict(const char *user, unsigned int filter_groups);
/* Readable when the process is asked to end (SIGTERM, SIGINT), which it is not by itself from now on. The caller's. */
int process_signals(void);
/* A descriptor's number from the command line; -EINVAL when it is none that is open. */
int process_fd(const char *text);
/* Likewise, for process_sign(). */
int process_life_fd(const char *text);
/*
 * Writes a sign of life, no more often than each PROCESS_LIFE_MS: 'R' ready, 'L' living. life_fd -1:
 * nobody asks. 0, also when enough signs wait to be read; -EPIPE: nobody will.
 */
int process_sign(int life_fd, char sign);

#endif
