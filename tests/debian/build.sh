# A program is edited with ed and sed, compiled with tcc and run; make -j4 builds a project.
cat >hello.c <<'X'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *twice(void *a)
{
	return (void *)((long)a * 2);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	void *result;
	pthread_create(&thread, NULL, twice, (void *)21L);
	pthread_join(thread, &result);
	pid_t pid = fork();
	int status;
	if (pid == 0) {
		char *b = malloc(1 << 20);
		memset(b, 1, 1 << 20);
		_exit(b[77]);
	}
	waitpid(pid, &status, 0);
	printf("hello %s %ld %d\n", argv[1], (long)result, WEXITSTATUS(status));
	return argc;
}
X
ed -s hello.c <<'X'
/hello %s/s/hello/Hello/
w
q
X
sed -i 's/1 << 20/1 << 21/' hello.c
grep -n 'Hello\|<<' hello.c

echo "== tcc"
cc -o hello hello.c
./hello compiled
echo $?
tcc -run hello.c run
tcc -g -b -o checked hello.c
./checked with bounds
echo $?
cat >shared.c <<'X'
int answer(void) { return 42; }
X
cat >user.c <<'X'
#include <dlfcn.h>
#include <stdio.h>
int main(void)
{
	void *library = dlopen("./libshared.so", RTLD_NOW);
	int (*answer)(void) = dlsym(library, "answer");
	printf("%d %s\n", answer(), dlopen("./gone.so", RTLD_NOW) ? "?" : dlerror());
	return dlclose(library);
}
X
tcc -shared -o libshared.so shared.c
tcc -o user user.c
./user

echo "== make"
mkdir project
cd project
for i in $(seq 1 20); do
	cat >f$i.c <<X
#include "all.h"
int f$i(int x) { int i, s = 0; for (i = 0; i < 1000; i++) s += x * $i + i; return s; }
X
	echo "int f$i(int);"
done >all.h
{
	echo '#include "all.h"'
	echo '#include <stdio.h>'
	echo 'int main(void) { long s = 0;'
	for i in $(seq 1 20); do echo "s += f$i($i);"; done
	echo 'printf("%ld\n", s); return 0; }'
} >main.c
cat >Makefile <<'X'
OBJ := $(patsubst %.c,%.o,$(wildcard *.c))
prog: $(OBJ)
	@$(CC) -o $@ $^
%.o: %.c all.h
	$(CC) -c -o $@ $<
clean:
	rm -f *.o prog
.PHONY: clean
X
make -j4 | sort
./prog
make
touch f3.c
make -j4
touch all.h
make -j4 -Otarget | wc -l
make -j4 -k not-there prog 2>&1 | tail -n 2
make clean | cut -c1-5
ls | wc -l
