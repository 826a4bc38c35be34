// What the thread sanitizer cannot see of Swift's Mutex.
//
// Synchronization.Mutex takes a free lock by an atomic operation that is compiled into its user, where the sanitizer
// sees it. A lock that another thread has is taken in the library, by futex(FUTEX_LOCK_PI): the kernel writes the new
// owner into the word, and the library is not instrumented. Two threads that meet at a lock would be reported as a
// race, though one waits for the other. The functions below stand in front of the library's own in the program that
// links them, and tell the sanitizer what happened. A suppression would hide races beside it; this hides none.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define swiftcc __attribute__((swiftcall))
#define self __attribute__((swift_context))

void __tsan_acquire(void *address);
void __tsan_release(void *address);

typedef swiftcc void (*LockSlow)(uint32_t thread, self void *mutex);
typedef swiftcc void (*UnlockSlow)(self void *mutex);

// Mangled Swift names: _MutexHandle._lockSlow(UInt32) and _MutexHandle._unlockSlow().
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

swiftcc void lockSlow(uint32_t thread, self void *mutex) __asm__(LOCK_SLOW);
swiftcc void unlockSlow(self void *mutex) __asm__(UNLOCK_SLOW);

swiftcc void lockSlow(uint32_t thread, self void *mutex) {
  ((LockSlow)dlsym(RTLD_NEXT, LOCK_SLOW))(thread, mutex);
  __tsan_acquire(mutex);
}

swiftcc void unlockSlow(self void *mutex) {
  __tsan_release(mutex);
  ((UnlockSlow)dlsym(RTLD_NEXT, UNLOCK_SLOW))(mutex);
}
