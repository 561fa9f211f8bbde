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
/* A descriptor's number from the command line; -EINVAL when it is none that is open. */
int process_fd(const char *text);
/* Likewise, for process_sign(). */
int process_life_fd(const char *text);
/* Writes a sign of life, no more often than each PROCESS_LIFE_MS: 'R' ready, 'L' living. life_fd -1: nobody asks. */
void process_sign(int life_fd, char sign);

#endif
