#!/usr/bin/env bats
load vm.bash
load system.bash
@test "nothing" {
true
}
