# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of fopsctl(1).

# Completes to the values that a field has in the journal, and to further words. Anybody may write to the journal, and
# compgen -W expands what it is given, $(…) too: so values are compared here, and those with odd characters left out.
_fopsctl_values() { # FIELD WORD...
        local value field=$1
        shift
        while IFS= read -r value; do
                [[ $value == "$cur"* && $value =~ ^[[:alnum:]_@%+=:,./-]+$ ]] && COMPREPLY+=("$value")
        done < <(printf '%s\n' "$@" && journalctl --quiet --field="$field" 2> /dev/null | head -n 500)
}

_fopsctl_words() {
        mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

_fopsctl() {
        local cur prev words cword verb='' word
        local filters='--file --exe --comm --pid --ppid --user --login-user --key --op --success --failed --exit --syscall
                --session --tty --unit --container --host --event --word --since --until --lines --directory --merge --input
                --output --no-pager --help'
        local ops='read write exec attr all create mkdir mknod symlink link delete rmdir rename exchange modify truncate list
                chmod chown setxattr removexattr utime mount umount other'
        local reports='files users exes keys ops syscalls pids hosts units containers hours failures totals events gaps'
        local events='access modify attrib close_write close_nowrite close open moved_from moved_to move create delete
                delete_self move_self unmount'
        _init_completion -s || return

        for word in "${words[@]:1:cword-1}"; do
                if [[ $word != -* ]]; then
                        verb=$word
                        break
                fi
        done

        case $verb:$prev in
        :*) _fopsctl_words search report status rules watch unwatch doctor decode check follow why --help --version ;;
        check:-c | check:--config | rules:-c | rules:--config | doctor:-c | doctor:--config | search:--checkpoint | *:-f | *:--file | *:-i | *:--input) _filedir ;;
        follow:-e | follow:--event) _fopsctl_words "$events" "$ops" ;;
        follow:-o | follow:--output) _fopsctl_words text json csv ;;
        follow:--format | follow:--timefmt | follow:--include* | follow:--exclude* | follow:--count | follow:-t) ;;
        follow:--timeout) ;;
        *:-D | *:--directory) _filedir -d ;;
        search:-o | search:--output) _fopsctl_words text json csv raw export ;;
        report:-o | report:--output) _fopsctl_words text json csv ;;
        status:-o | status:--output) _fopsctl_words text json prometheus ;;
        why:-o | why:--output | decode:-o | decode:--output | rules:-o | rules:--output | check:-o | check:--output | doctor:-o | doctor:--output) _fopsctl_words text json ;;
        *:-u | *:--user | *:--login-user) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
        *:-k | *:--key) _fopsctl_values FOPSD_KEY ;;
        *:-x | *:--exe) _fopsctl_values FOPSD_EXE ;;
        *:-c | *:--comm) _fopsctl_values FOPSD_COMM ;;
        *:--unit) _fopsctl_values FOPSD_UNIT none ;;
        *:--container) _fopsctl_values FOPSD_CONTAINER none ;;
        *:--host) _fopsctl_values _HOSTNAME ;;
        *:--syscall) _fopsctl_values FOPSD_SYSCALL ;;
        *:--tty) _fopsctl_values FOPSD_TTY ;;
        *:--op | watch:-o | watch:--ops) _fopsctl_words "$ops" ;;
        *:-S | *:--since | *:-U | *:--until) _fopsctl_words today yesterday now -1h -1d ;;
        search:*) _fopsctl_words "$filters" --just-one --checkpoint ;;
        report:*) _fopsctl_words "$filters" "$reports" ;;
        follow:*)
                if [[ $cur == -* ]]; then
                        _fopsctl_words --event --recursive --monitor --format --timefmt --no-newline --failed --include \
                                --exclude --includei --excludei --output --directory --merge --count --timeout --quiet --help
                else
                        _filedir
                fi
                ;;
        why:*)
                if [[ $cur == -* ]]; then
                        _fopsctl_words --lines --output --directory --merge --input --host --no-pager --help
                else
                        _filedir
                fi
                ;;
        decode:*) if [[ $cur == -* ]]; then _fopsctl_words --output --help; else _filedir; fi ;;
        status:*) _fopsctl_words --output --no-pager --help ;;
        rules:*) _fopsctl_words --kernel --config --output --no-pager --help ;;
        watch:*) if [[ $cur == -* ]]; then _fopsctl_words --ops --key --help; else _filedir; fi ;;
        unwatch:*) if [[ $cur == -* ]]; then _fopsctl_words --help; else _filedir; fi ;;
        doctor:*) _fopsctl_words --config --output --no-pager --help ;;
        check:*) _fopsctl_words --config --output --help ;;
        esac
}

complete -F _fopsctl fopsctl
