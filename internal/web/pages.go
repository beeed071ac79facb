package web

// pages is the table of all pages, in the order of the navigation.
var pages = []*page{
	&statusPage,
	&vipsPage,
	&vipEditPage,
	&settingsPage,
	&referencePage,
	&syncPage,
	&kernelPage,
	&logPage,
	&loginPage,
}
