"""The compiler: programs of the core language go in and come out.  It knows nothing of `autodiff`, which uses it."""
