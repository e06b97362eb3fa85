# A script on standard input. (Not compared: what its commands read of the same input;
# ash has read ahead by then, Tine's shell reads just its own lines, as POSIX wants it.)
printf 'echo no newline at the end' | sh; echo $?
printf 'exit 4\necho never\n' | sh; echo $?
printf '' | sh; echo $?
printf 'echo a\nfi\necho b\n' | sh; echo $?
printf 'if true\nthen\necho multi\nfi\n' | sh
