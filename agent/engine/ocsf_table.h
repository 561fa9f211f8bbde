/* SPDX-License-Identifier: Apache-2.0 */
/* Which OCSF 1.8.0 class and activity each of our events is. The one table. */
#ifndef HOLDFAST_AGENT_ENGINE_OCSF_TABLE_H
#define HOLDFAST_AGENT_ENGINE_OCSF_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define OCSF_VERSION "1.8.0"

enum event_kind {
	EVENT_OPEN,	     /* a labelled file was asked for */
	EVENT_REMOVABLE,     /* written to an external device */
	EVENT_NETSHARE,	     /* written to a network share */
	EVENT_NETWORK,	     /* sent to an address */
	EVENT_LOCAL_FILE,    /* written to a local file */
	EVENT_RAWDISK,	     /* a block device */
	EVENT_DEBUG,	     /* another process's memory or descriptors */
	EVENT_DESCRIPTOR,    /* an open file handed over */
	EVENT_MOUNT,	     /* mounted over or below a labelled directory */
	EVENT_PASS,	     /* content handed to another process */
	EVENT_PRINT,	     /* printed */
	EVENT_CLIPBOARD,     /* pasted */
	EVENT_SCREEN,	     /* captured */
	EVENT_TAINTED,	     /* a labelled reader passes its labels on */
	EVENT_FORGOT,	     /* a labelled reader is none any more */
	EVENT_LABELLED,	     /* the kernel gave a file a label of its own */
	EVENT_LABEL_CHANGED, /* a person did */
	EVENT_DECLASSIFIED,  /* an application wrote where the policy takes labels away */
	EVENT_RENAMED,
	EVENT_LINKED,
	EVENT_UNLINKED,
	EVENT_APP_LOST, /* an application's executable was opened for writing */
	EVENT_AGENT_STARTED,
	EVENT_AGENT_STOPPED,
	EVENT_POLICY_APPLIED,
	EVENT_POLICY_REJECTED,
	EVENT_JUSTIFIED,      /* a warning was overridden, with a reason */
	EVENT_DEVICE,	      /* a device that is a way out came */
	EVENT_DEVICE_GONE,    /* and went */
	EVENT_TAMPER_PROCESS, /* an attempt on a process of the agent */
	EVENT_TAMPER_FILE,    /* on its files, pins and the ways to them; on its disk */
	EVENT_TAMPER_SYSTEM,  /* on its maps and programs, or the kernel below it */
	EVENT_MAINTENANCE_BEGUN,
	EVENT_MAINTENANCE_ENDED,
	EVENT_MAINTENANCE_REFUSED,
	EVENT_LOGIN,	     /* an account may log in */
	EVENT_LOGIN_REFUSED, /* one may not */
	EVENT_BREAK_GLASS,   /* an account for emergencies did */
	EVENT_LOGOFF,
	EVENT_TICKET,	      /* a ticket was made */
	EVENT_TICKET_REFUSED, /* asked for by who may not have it */
	EVENT_TRUST,	      /* whether the console trusts this device is another now */
	EVENT_WIPE_ORDERED,   /* the console has this device destroy what it has */
	EVENT_WIPE_BEGUN,
	EVENT_WIPE_ENDED,
	EVENT_KEY_HERE,	       /* the key of a label is in keyring's memory */
	EVENT_KEY_GONE,	       /* and is not any more: status_code says why */
	EVENT_KEY_REFUSED,     /* the console did not release any */
	EVENT_VAULT_LOCKED,    /* the key of an encrypted folder is gone */
	EVENT_VAULT_UNLOCKED,  /* and is there */
	EVENT_VERIFIED,	       /* a user has shown again who it is */
	EVENT_VERIFY_REFUSED,  /* or tried */
	EVENT_VERIFY_ENDED,    /* and must do so again */
	EVENT_VERIFY_ENROLLED, /* a means to do so came or went */
	EVENT_LOST,	       /* records that the ring had no room for, or a torn log */
	EVENT_FAILURE,	       /* a row of the failure table */
	EVENT_ZONE,	       /* other zones hold: the network has changed */
	EVENT_CAPTURED,	       /* the screen was, as the desktop's session saw */
	EVENT_CAPTURE_UNSEEN,  /* and the kernel part did not see it, or had refused it */
	EVENT_KIND_MAX,
};

/* Objects that the event's class needs or profits from. */
#define OCSF_FILE	0x01u
#define OCSF_ACTOR	0x02u
#define OCSF_DST	0x04u /* dst_endpoint and connection_info */
#define OCSF_SRC	0x08u /* src_endpoint: this device */
#define OCSF_PROCESS	0x10u /* process: the target */
#define OCSF_ENTITY	0x20u /* entity: the policy */
#define OCSF_APP	0x40u /* app: the agent */
#define OCSF_PERIPHERAL 0x80u
#define OCSF_LOG	0x100u /* log_name */
#define OCSF_LOGIN	0x200u /* user: whose account; service; src_endpoint, when from elsewhere */

struct ocsf_row {
	const char *name; /* metadata.event_code */
	uint16_t category_uid;
	const char *category_name;
	uint16_t class_uid;
	const char *class_name;
	uint8_t activity_id;
	const char *activity_name;
	uint8_t severity_id; /* of what is only recorded; refusals are at least Medium */
	uint16_t objects;    /* OCSF_* */
};

const struct ocsf_row *ocsf_row(enum event_kind kind);

#endif
