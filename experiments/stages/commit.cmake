# Writes OUTPUT, a header that says which commit of SOURCE is being built and whether its code was
# changed since, and leaves a file that says so already alone.
set(commit "")
set(modified false)
execute_process(COMMAND git -C "${SOURCE}" rev-parse HEAD RESULT_VARIABLE failed
                OUTPUT_VARIABLE found ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
if(failed EQUAL 0)
  set(commit "${found}")
  execute_process(COMMAND git -C "${SOURCE}" status --porcelain --untracked-files=normal -- CMakeLists.txt modules experiments
                  OUTPUT_VARIABLE changes ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(changes)
    set(modified true)
  endif()
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [[#pragma once
#define WINNOW_COMMIT "@commit@"
#define WINNOW_MODIFIED @modified@
#define WINNOW_VERSION "@VERSION@"
]])
