. /root/agent-shim.sh
