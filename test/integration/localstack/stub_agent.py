"""Writes a Java agent that does nothing: LocalStack starts DynamoDB Local with one (it lifts a limit
on indexes), which is not in a package registry, and Java will not start without it.

    python3 stub_agent.py FILE.jar

The class is put together here, as a machine that runs Java need not have its compiler:
    public class Agent { public static void premain(String arguments) { } }
Source: docs.oracle.com/javase/specs/jvms/se8/html/jvms-4.html
"""

import struct
import sys
import zipfile

PUBLIC, STATIC, SUPER = 0x0001, 0x0008, 0x0020
CLASS_FILE_VERSION = 52  # Java 8, without the stack maps that later ones ask for


def u2(number):
    return struct.pack(">H", number)


def text(value):
    return b"\x01" + u2(len(value)) + value.encode()


def class_of(text_index):
    return b"\x07" + u2(text_index)


def agent_class():
    constants = [text("Agent"), class_of(1), text("java/lang/Object"), class_of(3),
                 text("premain"), text("(Ljava/lang/String;)V"), text("Code")]
    code = b"\xb1"  # return
    body = struct.pack(">HHI", 0, 1, len(code)) + code + u2(0) + u2(0)
    method = (u2(PUBLIC | STATIC) + u2(5) + u2(6) + u2(1)
              + u2(7) + struct.pack(">I", len(body)) + body)
    return (struct.pack(">IHH", 0xCAFEBABE, 0, CLASS_FILE_VERSION)
            + u2(len(constants) + 1) + b"".join(constants)
            + u2(PUBLIC | SUPER) + u2(2) + u2(4)
            + u2(0) + u2(0)              # no interface, no field
            + u2(1) + method + u2(0))    # one method, no attribute


def main():
    with zipfile.ZipFile(sys.argv[1], "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nPremain-Class: Agent\n\n")
        jar.writestr("Agent.class", agent_class())


if __name__ == "__main__":
    main()
