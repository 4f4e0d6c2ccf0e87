/* An extension module that uses the library by itself, linked to it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <jitdebug.h>

static PyObject *add(PyObject *self, PyObject *arguments) {
  const char *image;
  Py_ssize_t size;
  jitdebug_registration *registration;
  (void)self;
  if (!PyArg_ParseTuple(arguments, "y#", &image, &size)) return NULL;
  if (jitdebug_register(image, (size_t)size, 0, &registration) != JITDEBUG_OK)
    return PyErr_Format(PyExc_ValueError, "%s", jitdebug_last_error());
  return PyLong_FromVoidPtr(registration);
}

static PyObject *take(PyObject *self, PyObject *registration) {
  (void)self;
  if (jitdebug_unregister(PyLong_AsVoidPtr(registration)) != JITDEBUG_OK)
    return PyErr_Format(PyExc_ValueError, "%s", jitdebug_last_error());
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"add", add, METH_VARARGS, NULL},
                                {"take", take, METH_O, NULL},
                                {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT,
                                    "extension",
                                    NULL,
                                    -1,
                                    methods,
                                    NULL,
                                    NULL,
                                    NULL,
                                    NULL};

PyMODINIT_FUNC PyInit_extension(void) { return PyModule_Create(&module); }
