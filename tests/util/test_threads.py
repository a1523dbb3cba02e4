import os
import subprocess
import sys

CODE = """
from threadpoolctl import threadpool_info
from dysfw.util.threads import one_thread

def threads(part):
    return {one["num_threads"] for one in threadpool_info() if part in one["filepath"]}

with one_thread():
    assert threads("scipy") == {1}
assert threads("scipy") == {2}
import sklearn.linear_model
with one_thread():
    assert threads("gomp") == threads("scipy") == {1}
    with one_thread():
        pass
    assert threads("gomp") == {1}
assert threads("gomp") == threads("scipy") == {2}
"""


def test_libraries_have_one_thread_even_if_loaded_later_and_get_theirs_back():
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2")
    ran = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
