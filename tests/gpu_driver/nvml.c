/* A stand-in for NVIDIA's libnvidia-ml.so.1: the part of NVML that is used here, over a folder.
 *
 * $NVML_CARDS is a folder with `driver`, `cuda` (12040 is 12.4) and one folder a card, named by its
 * index; in that a file for each value, and `mig/0`, `mig/1` ... for MIG instances. It is read at
 * every call, so cards can change while a program runs. A value without a file is "not supported".
 * A card's file `error` is an NVML error number (15 is "GPU is lost") that each call on it gives;
 * one beside the cards is that of nvmlInit. `xid` is the number of an event that is told once for
 * each new content; `hang` makes calls on the card wait until it is gone. Without $NVML_CARDS it is
 * the folder that was given as PLACE when it was built; without either there is no driver.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, INVALID = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, NO_DRIVER = 9,
       TIMEOUT = 10 };
enum { RECOVERY_ACTION = 230 };
enum { CARDS = 16, INSTANCES = 8 };

typedef struct { unsigned long long total, free, used; } Memory;
typedef struct { unsigned gpu, memory; } Utilization;
typedef struct { char legacy[16]; unsigned domain, bus, device, id, subsystem; char bus_id[32]; } Pci;
typedef struct { unsigned pid; unsigned long long memory; unsigned instance, compute; } Process;
typedef union { double d; unsigned ui; unsigned long long ull; } Value;
typedef struct { unsigned field, scope; long long when, took; int type, status; Value value; } Field;
typedef struct { void *device; unsigned long long type, data; unsigned instance, compute; } Event;
typedef struct { char folder[64]; char told[64]; } Card;

static Card cards[CARDS], instances[CARDS][INSTANCES];

#ifndef PLACE
#define PLACE NULL
#endif

static const char *root(void)
{
    const char *folder = getenv("NVML_CARDS");
    return folder ? folder : PLACE;
}

static int text(const char *folder, const char *key, char *to, unsigned size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%s", root(), folder, key);
    FILE *file = fopen(path, "r");
    if (!file)
        return NOT_SUPPORTED;
    size_t length = fread(to, 1, size - 1, file);
    fclose(file);
    while (length && to[length - 1] == '\n')
        length--;
    to[length] = 0;
    return SUCCESS;
}

static int there(const char *folder)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root(), folder);
    return access(path, F_OK) == 0;
}

static int error_of(Card *card)
{
    char found[32], hang[128];
    snprintf(hang, sizeof hang, "%s/hang", card->folder);
    while (root() && there(hang))
        usleep(10000);
    return text(card->folder, "error", found, sizeof found) ? SUCCESS : atoi(found);
}

static int number(Card *card, const char *key, unsigned long long *to)
{
    char found[64];
    int status = error_of(card);
    if (!status)
        status = text(card->folder, key, found, sizeof found);
    if (!status)
        *to = strtoull(found, NULL, 10);
    return status;
}

static int unsigned_number(Card *card, const char *key, unsigned *to)
{
    unsigned long long found;
    int status = number(card, key, &found);
    if (!status)
        *to = (unsigned)found;
    return status;
}

static int words(Card *card, const char *key, char *to, unsigned size)
{
    int status = error_of(card);
    return status ? status : text(card->folder, key, to, size);
}

int nvmlInitWithFlags(unsigned flags)
{
    char found[32];
    (void)flags;
    if (!root())
        return NO_DRIVER;
    return text(".", "error", found, sizeof found) ? SUCCESS : atoi(found);
}
int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
int nvmlShutdown(void) { return SUCCESS; }

const char *nvmlErrorString(int status)
{
    switch (status) {
    case NOT_SUPPORTED: return "Not Supported";
    case NO_DRIVER: return "Driver Not Loaded";
    case 15: return "GPU is lost";
    case 18: return "Driver/library version mismatch";
    default: return "Unknown Error";
    }
}

int nvmlSystemGetDriverVersion(char *to, unsigned size) { return text(".", "driver", to, size); }

int nvmlSystemGetCudaDriverVersion_v2(int *to)
{
    char found[32];
    int status = text(".", "cuda", found, sizeof found);
    if (!status)
        *to = atoi(found);
    return status;
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
    char folder[16];
    for (*count = 0; *count < CARDS; (*count)++) {
        snprintf(folder, sizeof folder, "%u", *count);
        if (!there(folder))
            break;
    }
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, Card **card)
{
    char folder[16];
    snprintf(folder, sizeof folder, "%u", index);
    if (index >= CARDS || !there(folder))
        return INVALID;
    strcpy(cards[index].folder, folder);
    *card = &cards[index];
    return error_of(*card);
}

int nvmlDeviceGetName(Card *card, char *to, unsigned size) { return words(card, "name", to, size); }
int nvmlDeviceGetUUID(Card *card, char *to, unsigned size) { return words(card, "uuid", to, size); }

int nvmlDeviceGetPciInfo_v3(Card *card, Pci *to)
{
    memset(to, 0, sizeof *to);
    return words(card, "pci", to->bus_id, sizeof to->bus_id);
}

int nvmlDeviceGetCudaComputeCapability(Card *card, int *major, int *minor)
{
    char found[32];
    int status = words(card, "capability", found, sizeof found);
    if (!status)
        sscanf(found, "%d.%d", major, minor);
    return status;
}
int nvmlDeviceGetMemoryInfo(Card *card, Memory *to)
{
    int status = number(card, "memory_total", &to->total);
    if (!status)
        status = number(card, "memory_used", &to->used);
    if (!status)
        to->free = to->total - to->used;
    return status;
}

int nvmlDeviceGetUtilizationRates(Card *card, Utilization *to)
{
    to->memory = 0;
    return unsigned_number(card, "utilization", &to->gpu);
}

int nvmlDeviceGetTemperature(Card *card, int sensor, unsigned *to)
{
    (void)sensor;
    return unsigned_number(card, "temperature", to);
}

int nvmlDeviceGetPowerUsage(Card *card, unsigned *to) { return unsigned_number(card, "power", to); }

int nvmlDeviceGetEnforcedPowerLimit(Card *card, unsigned *to)
{
    return unsigned_number(card, "power_limit", to);
}

int nvmlDeviceGetFieldValues(Card *card, int count, Field *fields)
{
    int status = error_of(card);
    for (int at = 0; !status && at < count; at++) {
        fields[at].type = 1;
        fields[at].status = fields[at].field == RECOVERY_ACTION
                                ? unsigned_number(card, "recovery", &fields[at].value.ui)
                                : NOT_SUPPORTED;
    }
    return status;
}

int nvmlDeviceGetTotalEccErrors(Card *card, int kind, int counter, unsigned long long *to)
{
    (void)counter;
    return number(card, kind ? "ecc_uncorrected" : "ecc_corrected", to);
}

int nvmlDeviceGetCurrentClocksEventReasons(Card *card, unsigned long long *to)
{
    return number(card, "throttling", to);
}

int nvmlDeviceGetCurrentClocksThrottleReasons(Card *card, unsigned long long *to)
{
    return number(card, "throttling", to);
}

int nvmlDeviceGetComputeRunningProcesses_v3(Card *card, unsigned *count, Process *to)
{
    char found[512];
    unsigned room = *count, seen = 0;
    int status = words(card, "processes", found, sizeof found);
    if (status)
        return status;
    for (char *pid = strtok(found, " \n"); pid; pid = strtok(NULL, " \n"), seen++)
        if (seen < room)
            to[seen] = (Process){(unsigned)atoi(pid), 0, ~0u, ~0u};
    *count = seen;
    return seen > room ? TOO_SMALL : SUCCESS;
}

int nvmlDeviceGetMaxMigDeviceCount(Card *card, unsigned *count)
{
    char folder[128];
    int status = error_of(card);
    snprintf(folder, sizeof folder, "%s/mig", card->folder);
    *count = there(folder) ? INSTANCES : 0;
    return status;
}

int nvmlDeviceGetMigDeviceHandleByIndex(Card *card, unsigned index, Card **instance)
{
    unsigned long at = (unsigned long)(card - cards);
    int status = error_of(card);
    if (status)
        return status;
    if (index >= INSTANCES)
        return INVALID;
    *instance = &instances[at][index];
    snprintf((*instance)->folder, sizeof (*instance)->folder, "%lu/mig/%u", at, index);
    return there((*instance)->folder) ? SUCCESS : NOT_FOUND;
}

int nvmlEventSetCreate(unsigned long long **set)
{
    *set = calloc(1, sizeof **set);
    return SUCCESS;
}

int nvmlEventSetFree(unsigned long long *set)
{
    free(set);
    return SUCCESS;
}

int nvmlDeviceRegisterEvents(Card *card, unsigned long long kinds, unsigned long long *set)
{
    int status = error_of(card);
    (void)kinds;
    if (status)
        return status;
    /* What was there before is no news. */
    if (text(card->folder, "xid", card->told, sizeof card->told))
        card->told[0] = 0;
    *set |= 1ull << (card - cards);
    return SUCCESS;
}

int nvmlEventSetWait_v2(unsigned long long *set, Event *event, unsigned milliseconds)
{
    char found[64];
    for (unsigned waited = 0;; waited += 10) {
        for (int index = 0; index < CARDS; index++) {
            Card *card = &cards[index];
            if (!(*set >> index & 1) || text(card->folder, "xid", found, sizeof found))
                continue;
            if (strcmp(found, card->told)) {
                strcpy(card->told, found);
                *event = (Event){card, 8, strtoull(found, NULL, 10), ~0u, ~0u};
                return SUCCESS;
            }
        }
        if (waited >= milliseconds)
            return TIMEOUT;
        usleep(10000);
    }
}
