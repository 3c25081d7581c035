"""The public functions, one module for each idea; `autodiff` re-exports them."""
