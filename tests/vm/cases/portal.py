#!/usr/bin/python3
# Owns: a program that answers as portals and desktops do when they are asked for a picture, and says which
# calls came to it; and one that asks. Real interfaces, no pictures.
#
# usage: portal.py serve LOG READY | ask INTERFACE MEMBER [FILE]
# ask calls the member, INTERFACE '' for none, and then, on the same connection, the bus itself; FILE is
# written afterwards. Exit status: 0 it was answered, 1 an error was, 2 the connection is gone.

import sys

import dbus
import dbus.lowlevel
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAMES = ('org.freedesktop.portal.Desktop', 'org.freedesktop.impl.portal.desktop.test',
         'org.gnome.Shell.Screenshot', 'org.gnome.Mutter.ScreenCast', 'org.kde.KWin')


def serve(log, ready):
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SessionBus()
    kept = [dbus.service.BusName(name, bus) for name in NAMES]

    def on_message(connection, message):
        if message.get_type() != 1 or message.get_path() != '/portal':
            return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
        with open(log, 'a', encoding='utf-8') as file:
            file.write(f'{message.get_interface()}.{message.get_member()}\n')
        connection.send_message(dbus.lowlevel.MethodReturnMessage(message))
        return dbus.lowlevel.HANDLER_RESULT_HANDLED

    bus.add_message_filter(on_message)
    open(ready, 'w', encoding='utf-8').close()
    GLib.MainLoop().run()
    return kept


def ask(interface, member, path=None):
    bus = dbus.SessionBus()
    call = dbus.lowlevel.MethodCallMessage(NAMES[0], '/portal', interface or None, member)
    status = 0
    try:
        bus.send_message_with_reply_and_block(call, 20)
    except dbus.DBusException as error:
        print(error, file=sys.stderr)
        status = 1
    try:
        bus.call_blocking('org.freedesktop.DBus', '/', 'org.freedesktop.DBus', 'GetId', '', ())
    except dbus.DBusException as error:
        print(error, file=sys.stderr)
        status = 2
    if path:
        with open(path, 'w', encoding='utf-8') as file:
            file.write('picture\n')
    return status


if __name__ == '__main__':
    if sys.argv[1] == 'serve':
        serve(*sys.argv[2:])
    else:
        sys.exit(ask(*sys.argv[2:]))
