/* SPDX-License-Identifier: Apache-2.0 */
/* https://schema.ocsf.io/1.8.0: category, class, activity and severity numbers are the schema's. */
#include "agent/engine/ocsf_table.h"

#include <assert.h>
#include <stddef.h>

#define SYSTEM	    1, "System Activity"
#define IAM	    3, "Identity & Access Management"
#define NETWORK	    4, "Network Activity"
#define DISCOVERY   5, "Discovery"
#define APPLICATION 6, "Application Activity"

#define FILE_ACTIVITY	    SYSTEM, 1001, "File System Activity"
#define PROCESS_ACTIVITY    SYSTEM, 1007, "Process Activity"
#define EVENT_LOG_ACTIVITY  SYSTEM, 1008, "Event Log Activity"
#define PERIPHERAL_ACTIVITY SYSTEM, 1010, "Peripheral Activity"
#define AUTHENTICATION	    IAM, 3002, "Authentication"
#define ENTITY_MANAGEMENT   IAM, 3004, "Entity Management"
#define NETWORK_ACTIVITY    NETWORK, 4001, "Network Activity"
#define CONFIG_STATE_CHANGE DISCOVERY, 5019, "Device Config State Change"
#define LIFECYCLE	    APPLICATION, 6002, "Application Lifecycle"
#define FILE_HOSTING	    APPLICATION, 6006, "File Hosting Activity"

#define INFORMATIONAL 1
#define LOW	      2
#define MEDIUM	      3
#define HIGH	      4

#define FILE_BY (OCSF_FILE | OCSF_ACTOR)

static const struct ocsf_row rows[EVENT_KIND_MAX] = {
	[EVENT_OPEN] = {"open", FILE_ACTIVITY, 14, "Open", INFORMATIONAL, FILE_BY},
	[EVENT_REMOVABLE] = {"removable", FILE_ACTIVITY, 3, "Update", LOW, FILE_BY},
	[EVENT_NETSHARE] = {"netshare", FILE_HOSTING, 1, "Upload", LOW, FILE_BY | OCSF_SRC},
	[EVENT_NETWORK] = {"network", NETWORK_ACTIVITY, 1, "Open", LOW, OCSF_ACTOR | OCSF_DST},
	[EVENT_LOCAL_FILE] = {"local-file", FILE_ACTIVITY, 3, "Update", INFORMATIONAL, FILE_BY},
	[EVENT_RAWDISK] = {"rawdisk", FILE_ACTIVITY, 3, "Update", MEDIUM, FILE_BY},
	[EVENT_DEBUG] = {"debug", PROCESS_ACTIVITY, 3, "Open", MEDIUM, OCSF_ACTOR | OCSF_PROCESS},
	[EVENT_DESCRIPTOR] = {"descriptor", FILE_ACTIVITY, 14, "Open", LOW, FILE_BY},
	[EVENT_MOUNT] = {"mount", FILE_ACTIVITY, 12, "Mount", LOW, FILE_BY},
	[EVENT_PASS] = {"ipc", PROCESS_ACTIVITY, 99, "pass_content", LOW,
		OCSF_ACTOR | OCSF_PROCESS},
	[EVENT_PRINT] = {"print", PERIPHERAL_ACTIVITY, 99, "print", LOW,
		OCSF_ACTOR | OCSF_PERIPHERAL},
	[EVENT_CLIPBOARD] = {"clipboard", PROCESS_ACTIVITY, 99, "paste", LOW,
		OCSF_ACTOR | OCSF_PROCESS},
	[EVENT_SCREEN] = {"screen", PROCESS_ACTIVITY, 99, "capture", LOW,
		OCSF_ACTOR | OCSF_PROCESS},
	[EVENT_TAINTED] = {"labelled-reader", PROCESS_ACTIVITY, 99, "pass_labels", INFORMATIONAL,
		OCSF_ACTOR | OCSF_PROCESS},
	[EVENT_FORGOT] = {"reader-ended", PROCESS_ACTIVITY, 99, "forget_labels", INFORMATIONAL,
		OCSF_ACTOR | OCSF_PROCESS},
	[EVENT_LABELLED] = {"labelled", FILE_ACTIVITY, 7, "Set Security", INFORMATIONAL, FILE_BY},
	[EVENT_LABEL_CHANGED] = {"label-changed", FILE_ACTIVITY, 7, "Set Security", LOW, FILE_BY},
	[EVENT_DECLASSIFIED] = {"declassified", FILE_ACTIVITY, 7, "Set Security", LOW, FILE_BY},
	[EVENT_RENAMED] = {"renamed", FILE_ACTIVITY, 5, "Rename", INFORMATIONAL, FILE_BY},
	[EVENT_LINKED] = {"linked", FILE_ACTIVITY, 1, "Create", INFORMATIONAL, FILE_BY},
	[EVENT_UNLINKED] = {"unlinked", FILE_ACTIVITY, 4, "Delete", INFORMATIONAL, FILE_BY},
	[EVENT_APP_LOST] = {"app-lost", FILE_ACTIVITY, 3, "Update", MEDIUM, FILE_BY},
	[EVENT_AGENT_STARTED] = {"agent-started", LIFECYCLE, 3, "Start", INFORMATIONAL, OCSF_APP},
	[EVENT_AGENT_STOPPED] = {"agent-stopped", LIFECYCLE, 4, "Stop", MEDIUM, OCSF_APP},
	[EVENT_POLICY_APPLIED] = {"policy-applied", ENTITY_MANAGEMENT, 10, "Activate",
		INFORMATIONAL, OCSF_ENTITY},
	[EVENT_POLICY_REJECTED] = {"policy-rejected", ENTITY_MANAGEMENT, 3, "Update", HIGH,
		OCSF_ENTITY},
	[EVENT_JUSTIFIED] = {"justified", ENTITY_MANAGEMENT, 8, "Enable", MEDIUM,
		OCSF_ENTITY | OCSF_ACTOR},
	[EVENT_DEVICE] = {"device", PERIPHERAL_ACTIVITY, 1, "Connect", INFORMATIONAL,
		OCSF_ACTOR | OCSF_PERIPHERAL},
	[EVENT_DEVICE_GONE] = {"device-gone", PERIPHERAL_ACTIVITY, 2, "Disconnect", INFORMATIONAL,
		OCSF_ACTOR | OCSF_PERIPHERAL},
	[EVENT_TAMPER_PROCESS] = {"tamper-process", PROCESS_ACTIVITY, 99, "Tamper", MEDIUM,
		OCSF_ACTOR | OCSF_PROCESS},
	[EVENT_TAMPER_FILE] = {"tamper-file", FILE_ACTIVITY, 99, "Tamper", MEDIUM, FILE_BY},
	[EVENT_TAMPER_SYSTEM] = {"tamper-system", PROCESS_ACTIVITY, 99, "Tamper", MEDIUM,
		OCSF_ACTOR | OCSF_PROCESS},
	[EVENT_MAINTENANCE_BEGUN] = {"maintenance-begun", LIFECYCLE, 7, "Disable", MEDIUM,
		OCSF_APP},
	[EVENT_MAINTENANCE_ENDED] = {"maintenance-ended", LIFECYCLE, 6, "Enable", INFORMATIONAL,
		OCSF_APP},
	[EVENT_MAINTENANCE_REFUSED] = {"maintenance-refused", LIFECYCLE, 7, "Disable", HIGH,
		OCSF_APP},
	[EVENT_LOGIN] = {"login", AUTHENTICATION, 1, "Logon", INFORMATIONAL, OCSF_LOGIN},
	[EVENT_LOGIN_REFUSED] = {"login-refused", AUTHENTICATION, 1, "Logon", MEDIUM, OCSF_LOGIN},
	[EVENT_BREAK_GLASS] = {"break-glass", AUTHENTICATION, 1, "Logon", HIGH, OCSF_LOGIN},
	[EVENT_LOGOFF] = {"logoff", AUTHENTICATION, 2, "Logoff", INFORMATIONAL, OCSF_LOGIN},
	[EVENT_TICKET] = {"ticket", AUTHENTICATION, 4, "Service Ticket Request", INFORMATIONAL,
		OCSF_LOGIN | OCSF_ACTOR},
	[EVENT_TICKET_REFUSED] = {"ticket-refused", AUTHENTICATION, 4, "Service Ticket Request",
		MEDIUM, OCSF_LOGIN | OCSF_ACTOR},
	[EVENT_TRUST] = {"trust", CONFIG_STATE_CHANGE, 1, "Log", MEDIUM, 0},
	[EVENT_WIPE_ORDERED] = {"wipe-ordered", CONFIG_STATE_CHANGE, 1, "Log", HIGH, 0},
	[EVENT_WIPE_BEGUN] = {"wipe-begun", CONFIG_STATE_CHANGE, 1, "Log", HIGH, 0},
	[EVENT_WIPE_ENDED] = {"wipe-ended", CONFIG_STATE_CHANGE, 1, "Log", HIGH, 0},
	[EVENT_KEY_HERE] = {"key-here", ENTITY_MANAGEMENT, 10, "Activate", INFORMATIONAL,
		OCSF_ENTITY},
	[EVENT_KEY_GONE] = {"key-gone", ENTITY_MANAGEMENT, 11, "Deactivate", INFORMATIONAL,
		OCSF_ENTITY},
	[EVENT_KEY_REFUSED] = {"key-refused", ENTITY_MANAGEMENT, 10, "Activate", MEDIUM,
		OCSF_ENTITY},
	[EVENT_VAULT_LOCKED] = {"vault-locked", FILE_ACTIVITY, 10, "Encrypt", INFORMATIONAL,
		FILE_BY},
	[EVENT_VAULT_UNLOCKED] = {"vault-unlocked", FILE_ACTIVITY, 11, "Decrypt", INFORMATIONAL,
		FILE_BY},
	[EVENT_VERIFIED] = {"verified", AUTHENTICATION, 1, "Logon", INFORMATIONAL, OCSF_LOGIN},
	[EVENT_VERIFY_REFUSED] = {"verify-refused", AUTHENTICATION, 1, "Logon", MEDIUM, OCSF_LOGIN},
	[EVENT_VERIFY_ENDED] = {"verify-ended", AUTHENTICATION, 2, "Logoff", INFORMATIONAL,
		OCSF_LOGIN},
	[EVENT_VERIFY_ENROLLED] = {"verify-enrolled", AUTHENTICATION, 99, "enrol", MEDIUM,
		OCSF_LOGIN},
	[EVENT_LOST] = {"events-dropped", EVENT_LOG_ACTIVITY, 99, "events_dropped", HIGH, OCSF_LOG},
	[EVENT_ZONE] = {"zone-changed", CONFIG_STATE_CHANGE, 1, "Log", INFORMATIONAL, 0},
	[EVENT_CAPTURE_UNSEEN] = {"capture-unseen", PROCESS_ACTIVITY, 99, "capture", HIGH,
		OCSF_ACTOR | OCSF_PROCESS},
	[EVENT_CAPTURED] = {"capture-witnessed", PROCESS_ACTIVITY, 99, "capture", LOW,
		OCSF_ACTOR | OCSF_PROCESS},
	[EVENT_FAILURE] = {"failure", CONFIG_STATE_CHANGE, 1, "Log", MEDIUM, 0},
};

const struct ocsf_row *ocsf_row(enum event_kind kind)
{
	assert(kind < EVENT_KIND_MAX);
	return &rows[kind];
}
