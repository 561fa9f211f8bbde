/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands to a TPM over a descriptor that is open already: /dev/tpmrm0, which holdfastd opens, or a
 * socket to a simulated one. Nothing is looked for or loaded by name, so the sandbox needs no more than
 * read, write and poll, and no configuration can lead to another TPM.
 */
#ifndef HOLDFAST_AGENT_KEYRING_TPM_CHANNEL_H
#define HOLDFAST_AGENT_KEYRING_TPM_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tss2/tss2_tcti.h>

#define TPM_ANSWER_MAX 4096 /* bytes: TPM2_MAX_RESPONSE_SIZE */

struct tpm_channel {
	TSS2_TCTI_CONTEXT_COMMON_V1 common; /* first: what the TPM software stack sees of it */
	int fd;				    /* borrowed */
	uint8_t answer[TPM_ANSWER_MAX];
	size_t used; /* bytes of an answer that the stack has not taken yet */
	bool is_broken; /* it failed, or did not answer in time: an answer might belong to another question */
};

void tpm_channel_init(struct tpm_channel *channel, int fd);

#endif
