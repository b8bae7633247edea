/* A PLC of libmodbus that knows the handshake of cell_configs/plc/delid-1.yaml. Compiled and run by test_plc_interop.
 *
 *     cc -o modbus_plc modbus_plc.c -lmodbus
 *     ./modbus_plc tcp            prints its port
 *     ./modbus_plc rtu DEVICE     prints 0
 *
 * unfasten (code 10) below 10.00 N m ends with error 1 (seized); any other command is done when it is next read.
 */
#include <arpa/inet.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC, VERSION, HEARTBEAT, ECHO, ACK, DONE, RESULT, ERROR, STOP_ACK, START = 20 };
enum { BEAT = 100, STATE, STOP, TORQUE = 110, CODE = 114, SEQ };

static void scan(uint16_t *r)
{
    r[HEARTBEAT]++;
    r[ECHO] = r[BEAT];
    if (r[STOP] != r[STOP_ACK])
        r[STOP_ACK] = r[STOP];
    if (r[ACK] != r[DONE]) {
        int seized = r[CODE] == 10 && r[TORQUE] < 1000;
        r[DONE] = r[ACK];
        r[RESULT] = seized ? 3 : 2;
        r[ERROR] = seized ? 1 : 0;
    } else if (r[SEQ] != 0 && r[SEQ] != r[ACK]) {
        r[ACK] = r[SEQ];
        r[RESULT] = 1;
    }
}

static modbus_t *open_tcp(int *listener)
{
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    modbus_t *ctx = modbus_new_tcp("127.0.0.1", 0);
    *listener = modbus_tcp_listen(ctx, 1);
    getsockname(*listener, (struct sockaddr *)&at, &size);
    printf("%d\n", ntohs(at.sin_port));
    return ctx;
}

static modbus_t *open_rtu(const char *device)
{
    modbus_t *ctx = modbus_new_rtu(device, 19200, 'N', 8, 1);
    modbus_set_slave(ctx, 1);
    if (modbus_connect(ctx) != 0)
        exit(1);
    printf("0\n");
    return ctx;
}

int main(int argc, char **argv)
{
    int listener = -1, tcp = argc == 2 && strcmp(argv[1], "tcp") == 0;
    modbus_t *ctx = tcp ? open_tcp(&listener) : open_rtu(argv[2]);
    modbus_mapping_t *map = modbus_mapping_new(0, 0, 128, 0);
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];

    fflush(stdout);
    map->tab_registers[MAGIC] = 0xDE11;
    map->tab_registers[VERSION] = 3;
    map->tab_registers[START] = 1;
    for (;;) {
        if (tcp && modbus_tcp_accept(ctx, &listener) < 0)
            return 1;
        for (;;) {
            int length = modbus_receive(ctx, query);
            if (length < 0 && tcp)
                break;
            if (length <= 0)
                continue;
            scan(map->tab_registers);
            modbus_reply(ctx, query, length, map);
        }
        modbus_close(ctx);
    }
}
