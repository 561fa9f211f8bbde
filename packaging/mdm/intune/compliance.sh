#!/bin/sh
# Microsoft Intune for Linux, custom compliance: the discovery script. compliance.json has the rules.
exec holdfast compliance
