// A stand-in for libnvidia-ml.so.1 with what Trimtab and Zeus call: GPUs whose clocks are lines of a file.
//
// NVML_STUB_STATE names the file, to which every change is appended ("lock 0 1200", "reset 0"), so that other processes
// see it; NVML_STUB_GPUS is how many there are (2); NVML_STUB_DENY=1 refuses changes as NVML does without privilege.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NO_PERMISSION = 4, INSUFFICIENT_SIZE = 7 };

static const unsigned clocks[] = {1410, 1200, 1005, 810, 600};
static const unsigned memoryClocks[] = {1593, 810};
static long indices[64];

static unsigned gpuCount(void) {
    const char *text = getenv("NVML_STUB_GPUS");
    return text ? (unsigned)atoi(text) : 2;
}

static int change(const char *what, void *device, unsigned value) {
    const char *deny = getenv("NVML_STUB_DENY"), *path = getenv("NVML_STUB_STATE");
    if (deny && *deny == '1') return NO_PERMISSION;
    if (!path) return SUCCESS;
    FILE *file = fopen(path, "a");
    if (!file) return INVALID_ARGUMENT;
    fprintf(file, "%s %ld %u\n", what, *(long *)device, value);
    fclose(file);
    return SUCCESS;
}

// The last clock that was locked, or the highest after a reset.
static unsigned current(void *device) {
    const char *path = getenv("NVML_STUB_STATE");
    FILE *file = path ? fopen(path, "r") : NULL;
    unsigned found = clocks[0], value;
    long index;
    char what[32];
    while (file && fscanf(file, "%31s %ld %u", what, &index, &value) == 3) {
        if (index != *(long *)device) continue;
        if (!strcmp(what, "lock")) found = value;
        if (!strcmp(what, "reset")) found = clocks[0];
    }
    if (file) fclose(file);
    return found;
}

static int list(const unsigned *from, unsigned count, unsigned *given, unsigned *to) {
    unsigned room = *given;
    *given = count;
    if (!to || room < count) return INSUFFICIENT_SIZE;
    memcpy(to, from, count * sizeof *from);
    return SUCCESS;
}

int nvmlInitWithFlags(unsigned flags) { return SUCCESS; }
int nvmlInit_v2(void) { return SUCCESS; }
int nvmlShutdown(void) { return SUCCESS; }
const char *nvmlErrorString(int code) { return code == NO_PERMISSION ? "Insufficient Permissions" : "stub error"; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = gpuCount(); return SUCCESS; }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    if (index >= gpuCount()) return INVALID_ARGUMENT;
    indices[index] = index;
    *device = &indices[index];
    return SUCCESS;
}

int nvmlDeviceGetHandleByUUID(const char *name, void **device) {
    return strncmp(name, "GPU-stub-", 9) ? INVALID_ARGUMENT
                                         : nvmlDeviceGetHandleByIndex_v2((unsigned)atoi(name + 9), device);
}

int nvmlDeviceGetName(void *device, char *name, unsigned length) {
    snprintf(name, length, "Stub GPU");
    return SUCCESS;
}

int nvmlDeviceGetArchitecture(void *device, unsigned *architecture) { *architecture = 7; return SUCCESS; }
int nvmlDeviceGetSupportedMemoryClocks(void *device, unsigned *count, unsigned *to) {
    return list(memoryClocks, 2, count, to);
}
int nvmlDeviceGetSupportedGraphicsClocks(void *device, unsigned memory, unsigned *count, unsigned *to) {
    return list(clocks, 5, count, to);
}
int nvmlDeviceSetGpuLockedClocks(void *device, unsigned low, unsigned high) { return change("lock", device, high); }
int nvmlDeviceResetGpuLockedClocks(void *device) { return change("reset", device, 0); }
int nvmlDeviceSetMemoryLockedClocks(void *device, unsigned low, unsigned high) {
    return change("memory", device, high);
}
int nvmlDeviceResetMemoryLockedClocks(void *device) { return change("memoryReset", device, 0); }
int nvmlDeviceGetClockInfo(void *device, unsigned kind, unsigned *clock) { *clock = current(device); return SUCCESS; }
// Draws 100 W.
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    *millijoules = 100 * (now.tv_sec * 1000ULL + (unsigned long long)now.tv_nsec / 1000000);
    return SUCCESS;
}
int nvmlDeviceGetPowerUsage(void *device, unsigned *watts) { *watts = 100000; return SUCCESS; }
int nvmlDeviceGetPowerManagementLimit(void *device, unsigned *limit) { *limit = 400000; return SUCCESS; }
int nvmlDeviceGetPowerManagementDefaultLimit(void *device, unsigned *limit) { *limit = 400000; return SUCCESS; }
int nvmlDeviceSetPowerManagementLimit(void *device, unsigned limit) { return change("power", device, limit); }
int nvmlDeviceGetPowerManagementLimitConstraints(void *device, unsigned *low, unsigned *high) {
    *low = 100000;
    *high = 400000;
    return SUCCESS;
}
int nvmlDeviceGetPersistenceMode(void *device, unsigned *mode) { *mode = 1; return SUCCESS; }
int nvmlDeviceSetPersistenceMode(void *device, unsigned mode) { return change("persistence", device, mode); }
int nvmlDeviceGetFieldValues(void *device, int count, void *values) { return NOT_SUPPORTED; }
int nvmlDeviceGetC2cModeInfoV(void *device, void *info) { return NOT_SUPPORTED; }
