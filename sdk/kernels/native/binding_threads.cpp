// glibc 2.34 moved threads into its main library and gave them a new version, which older systems lack. The old names are still
// there, and Node has both libraries loaded. The linker puts these in the place of the plain names (--wrap).
#if defined(__linux__)

#include <pthread.h>

#if defined(__GLIBC__) && defined(__x86_64__)
__asm__(".symver old_pthread_create, pthread_create@GLIBC_2.2.5");
__asm__(".symver old_pthread_join, pthread_join@GLIBC_2.2.5");
#elif defined(__GLIBC__) && defined(__aarch64__)
__asm__(".symver old_pthread_create, pthread_create@GLIBC_2.17");
__asm__(".symver old_pthread_join, pthread_join@GLIBC_2.17");
#else
#define old_pthread_create __real_pthread_create
#define old_pthread_join __real_pthread_join
#endif

extern "C" {

int old_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument);
int old_pthread_join(pthread_t thread, void** result);

int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument) {
  return old_pthread_create(thread, attributes, start, argument);
}

int __wrap_pthread_join(pthread_t thread, void** result) { return old_pthread_join(thread, result); }

}  // extern "C"

#endif
