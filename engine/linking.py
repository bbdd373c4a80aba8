"""How an entry becomes machine code: each kernel that it calls is translated once, and linked once.

numba by itself optimises each function with all that it calls, makes machine code of it, and does
so again for whatever calls that one. Here a kernel is a part, and stops at LLVM's intermediate
code. An entry is a program: it links its parts, each once, lets LLVM inline them into one another
from below, and is the only machine code that there is.
"""

import importlib
import sys
from typing import Any

from numba import _dynfunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

_BLAS = "scipy.linalg.cython_blas"


def leave_out_blas() -> None:
    """Keep numba from loading scipy's linear algebra, which no kernel uses, at every start."""
    if _BLAS not in sys.modules:
        sys.modules[_BLAS] = None  # type: ignore[assignment]
        importlib.import_module("numba.np.arraymath")
        del sys.modules[_BLAS]


class Program(Compiler):  # type: ignore[misc]
    """Compiles an entry, as one whose arrays share no memory that it writes to.

    What is inlined into it then keeps what it read of one array while it writes to another.
    """

    def define_pipelines(self) -> Any:
        """Return numba's steps, ending in a library that links its parts."""
        state = self.state
        state.flags.noalias = True
        state.library = _Whole(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return super().define_pipelines()


class Part(Compiler):  # type: ignore[misc]
    """Compiles a kernel that only kernels call, as far as an entry needs it."""

    def define_pipelines(self) -> Any:
        """Return numba's steps up to the translation."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        places = [step for step, _ in passes.passes]
        passes.passes[places.index(NativeLowering)] = (_Translate, "to LLVM, no further")
        passes.finalize()
        return [passes]


class _Fragment(JITCodeLibrary):  # type: ignore[misc]
    """The intermediate code of one kernel: nothing is linked to it, and nothing can run it."""

    def finalize(self) -> None:
        self._finalized = True

    def fragments(self) -> "dict[_Fragment, None]":
        """Return it and all that it calls, each once."""
        found, open_ = {self: None}, [self]
        while open_:
            for called in open_.pop()._linking_libraries:
                if called not in found:
                    found[called] = None
                    open_.append(called)
        return found


class _Whole(JITCodeLibrary):  # type: ignore[misc]
    """The machine code of an entry."""

    def finalize(self) -> None:
        linked: dict[Any, None] = {}
        for library in self._linking_libraries:
            linked |= library.fragments() if isinstance(library, _Fragment) else {library: None}
        for library in linked:
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        passes, builder = self._codegen._module_pass_manager()
        passes.run(self._final_module, builder)
        self._final_module.verify()
        self._finalize_final_module()


@register_pass(mutates_CFG=True, analysis_only=False)
class _Translate(NativeLowering):  # type: ignore[misc]
    """Translates a kernel, and makes it known to callers by a token: a function that cannot run."""

    def run_pass(self, state: Any) -> bool:
        state.library = _Fragment(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        result, name = state["cr"], state.func_id.func_qualname
        module = result.fndesc.lookup_module()
        token = _dynfunc.make_function(module, name, "", 0, result.env, (state.library,))
        state.targetctx.insert_user_function(token, result.fndesc, [state.library])
        state["cr"] = result._replace(cfunc=token)
        return True
