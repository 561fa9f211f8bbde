#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A notification server that shows nothing: prints the summary of each notice, a line each."""
import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NOTIFICATIONS = 'org.freedesktop.Notifications'


class Server(dbus.service.Object):
    @dbus.service.method(NOTIFICATIONS, out_signature='as')
    def GetCapabilities(self):
        return dbus.Array([], signature='s')

    @dbus.service.method(NOTIFICATIONS, in_signature='susssasa{sv}i', out_signature='u')
    def Notify(self, _application, replaces, _icon, summary, _body, _actions, _hints, _expires):
        print(summary, flush=True)
        return replaces or 1


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
server = Server(bus, '/org/freedesktop/Notifications')
name = dbus.service.BusName(NOTIFICATIONS, bus)
GLib.MainLoop().run()
