"""The contracts of components and of elementary layers."""
